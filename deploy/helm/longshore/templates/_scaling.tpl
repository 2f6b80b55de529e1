{{/* How a kind of worker is scaled: dict "root" $ "worker" filled "name" of its Deployment. */}}
{{- define "longshore.scaledObject" -}}
{{- $root := .root }}
{{- $scaling := .worker.autoscaling }}
{{- $variant := .worker.variant }}
{{- $terms := list }}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ .name }}
  labels:
    {{- include "longshore.labels" $root | nindent 4 }}
spec:
  scaleTargetRef: { name: {{ .name }} }
  minReplicaCount: {{ $scaling.minReplicas }}
  maxReplicaCount: {{ $scaling.maxReplicas }}
  pollingInterval: 10
  cooldownPeriod: {{ $scaling.cooldownSeconds }}
  triggers:
    {{- if eq $scaling.source "prometheus" }}
    {{- $terms = append $terms "requests" }}
    - type: prometheus
      name: requests
      metricType: AverageValue
      metadata:
        serverAddress: {{ $scaling.prometheusAddress }}
        query: sum(max by (variant, gen_ai_request_model, mode, state) (longshore_queue_requests{variant="{{ $variant }}"})) or vector(0)
        threshold: {{ $scaling.requestsPerWorker | quote }}
    {{- else }}
    {{- $queues := list (dict "name" "load" "queue" (printf "load.%s" $variant)) }}
    {{- range $index, $model := $scaling.models }}
    {{- $queue := printf "completion.%s.%s.%s" $variant ($model.id | trimPrefix "sha256:") ($model.mode | default "completion") }}
    {{- $queues = append $queues (dict "name" (printf "model%d" $index) "queue" $queue) }}
    {{- end }}
    {{- range $queue := $queues }}
    {{- range $state := list "wait" "prioritized" "active" }}
    {{- $terms = append $terms (printf "%s_%s" $queue.name $state) }}
    - type: redis
      name: {{ $queue.name }}_{{ $state }}
      metricType: AverageValue
      metadata:
        address: {{ include "longshore.redisAddress" $root }}
        listName: "{{ $root.Values.namespace }}:{{ "{" }}{{ $queue.queue }}{{ "}" }}:{{ $state }}"
        listLength: {{ $scaling.requestsPerWorker | quote }}
        {{- if and (eq $root.Values.redis.mode "own") $root.Values.redis.own.password.name }}
        passwordFromEnv: REDIS_PASSWORD
        {{- end }}
      {{- if and (eq $root.Values.redis.mode "external") $root.Values.redis.external.scalerAuthentication }}
      authenticationRef: { name: {{ $root.Values.redis.external.scalerAuthentication }} }
      {{- end }}
    {{- end }}
    {{- end }}
    {{- end }}
  advanced:
    # Several triggers alone would give the largest, not the sum.
    scalingModifiers:
      formula: {{ join " + " $terms | quote }}
      target: {{ $scaling.requestsPerWorker | quote }}
      activationTarget: "0"
      metricType: AverageValue
    horizontalPodAutoscalerConfig:
      behavior:
        scaleDown:
          stabilizationWindowSeconds: 300
          policies:
            - { type: Pods, value: 1, periodSeconds: 60 }
{{- end }}
