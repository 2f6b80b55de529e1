{{- define "longshore.name" -}}
{{- if contains .Chart.Name .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- else -}}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end }}

{{/* Labels of everything; the argument is the root. */}}
{{- define "longshore.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels that choose pods: dict "root" $ "component" "worker". */}}
{{- define "longshore.selector" -}}
app.kubernetes.io/name: longshore
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "longshore.tag" -}}{{ .Values.image.tag | default .Chart.AppVersion }}{{- end }}

{{- define "longshore.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "longshore.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Variables of gateways and workers that say where Redis is. */}}
{{- define "longshore.redisEnv" -}}
{{- if eq .Values.redis.mode "own" }}
{{- with .Values.redis.own.password }}{{- if .name }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef: { name: {{ .name }}, key: {{ .key }} }
{{- end }}{{- end }}
- name: LONGSHORE_REDIS_URL
  value: redis://{{ if .Values.redis.own.password.name }}:$(REDIS_PASSWORD)@{{ end }}{{ include "longshore.name" . }}-redis:6379
{{- else if .Values.redis.external.urlSecret.name }}
- name: LONGSHORE_REDIS_URL
  valueFrom:
    secretKeyRef: { name: {{ .Values.redis.external.urlSecret.name }}, key: {{ .Values.redis.external.urlSecret.key }} }
{{- else }}
- name: LONGSHORE_REDIS_URL
  value: {{ required "redis.external.url or redis.external.urlSecret must say where Redis is" .Values.redis.external.url | quote }}
{{- end }}
- name: LONGSHORE_NAMESPACE
  value: {{ .Values.namespace | quote }}
- name: LONGSHORE_LOG_LEVEL
  value: {{ .Values.logLevel }}
{{- end }}

{{/* host:port that scalers ask. */}}
{{- define "longshore.redisAddress" -}}
{{- if eq .Values.redis.mode "own" -}}{{ include "longshore.name" . }}-redis.{{ .Release.Namespace }}:6379
{{- else -}}{{ required "redis.external.address must say where scalers find Redis" .Values.redis.external.address }}{{- end -}}
{{- end }}

{{/* A worker with the defaults filled in, as YAML: dict "root" $ "worker" values. */}}
{{- define "longshore.worker" -}}
{{- mergeOverwrite (deepCopy .root.Values.workerDefaults) .worker | toYaml -}}
{{- end }}

{{/* What files/variants.yaml says of a variant, as YAML. */}}
{{- define "longshore.variant" -}}
{{- get (.root.Files.Get "files/variants.yaml" | fromYaml) .variant | toYaml -}}
{{- end }}

{{- define "longshore.workersSelector" }}
app.kubernetes.io/name: longshore
app.kubernetes.io/instance: {{ .Release.Name }}
longshore/role: worker
{{- end }}
{{- define "longshore.commonEgress" }}
# Names of other machines.
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
# Stores of workers.
- to:
    - podSelector:
        matchLabels:
          {{- include "longshore.workersSelector" . | nindent 10 }}
  ports:
    - { port: 12435, protocol: TCP }
{{- if eq .Values.redis.mode "own" }}
- to:
    - podSelector:
        matchLabels:
          {{- include "longshore.selector" (dict "root" . "component" "redis") | nindent 10 }}
  ports:
    - { port: 6379, protocol: TCP }
{{- else }}
- ports:
    {{- range .Values.redis.external.ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end }}
{{- end }}

{{/* Variants whose workers may all be gone, separated by commas. */}}
{{- define "longshore.standby" -}}
{{- $variants := list -}}
{{- range $kind, $own := .Values.workers -}}
{{- $worker := include "longshore.worker" (dict "root" $ "worker" $own) | fromYaml -}}
{{- if and $worker.autoscaling.enabled (eq (int $worker.autoscaling.minReplicas) 0) -}}
{{- $variants = append $variants $worker.variant -}}
{{- end -}}
{{- end -}}
{{- $variants | uniq | join "," -}}
{{- end }}
