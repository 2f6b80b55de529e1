# syntax=docker/dockerfile:1
# Stages to build: gateway, final-llamacpp, final-vllm, final-sglang. All versions come from deploy/versions.env, which
# "make docker-build", deploy/docker-bake.hcl and the compose files pass on; by hand:
#   docker build --target gateway $(sed -n 's/^[A-Z]/--build-arg &/p' deploy/versions.env) .

ARG NODE_VERSION
ARG DEBIAN_RELEASE
ARG NODE_IMAGE=docker.io/library/node:${NODE_VERSION}-${DEBIAN_RELEASE}-slim
# What the image is made from, when it is not what the variant is made from otherwise.
ARG BASE_IMAGE
ARG LLAMA_SERVER_VERSION
ARG LLAMA_SERVER_VARIANT=cpu
ARG VLLM_VERSION
ARG VLLM_CUDA_VERSION
ARG SGLANG_VERSION
ARG CANN_VERSION

# ---- Longshore, compiled. JavaScript is the same on every platform, so it is made on the builder's own. ----
FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY apps apps
COPY libs libs
RUN npm run --silent build \
    && rm -rf dist/libs/testing \
    && find dist \( -name '*.map' -o -name '*.tsbuildinfo' \) -delete

# ---- What runs it: packages without those for development, and without engines of their own, an init process. ----
FROM ${NODE_IMAGE} AS production
WORKDIR /opt/longshore
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc LICENSE deploy/docker/prepare.sh ./
# What was checked out for one user's eyes is for those of the image's user too.
RUN npm ci --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund \
    && npm uninstall --no-save --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund node-llama-cpp \
    && npm cache clean --force \
    && chmod -R a+rX .
COPY --from=build /src/dist dist

# ---- The gateway. ----
FROM ${NODE_IMAGE} AS gateway
COPY --from=production /usr/bin/tini-static /usr/local/bin/tini
COPY --from=production /opt/longshore /opt/longshore
RUN sh /opt/longshore/prepare.sh
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Longshore gateway" \
      org.opencontainers.image.description="Speaks the APIs of Longshore, a distributed inference cluster." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/longshore/longshore" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    HOME=/home/longshore \
    LONGSHORE_HOST=0.0.0.0 \
    LONGSHORE_PORT=12434
WORKDIR /home/longshore
USER 10001:10001
EXPOSE 12434
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/node", "/opt/longshore/dist/apps/gateway/src/health.js"]
ENTRYPOINT ["/usr/local/bin/tini", "--", "/usr/local/bin/node", "/opt/longshore/dist/apps/gateway/src/main.js"]

# ---- llama.cpp for Ascend, which nobody publishes. ----
FROM ${BASE_IMAGE:-quay.io/ascend/cann:${CANN_VERSION}} AS cann-compiler
ARG LLAMA_SERVER_VERSION
ARG CANN_SOC_TYPE
ENV ASCEND_TOOLKIT_HOME=/usr/local/Ascend/ascend-toolkit/latest
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /llama.cpp
# hadolint ignore=DL3033
RUN yum install --assumeyes gcc gcc-c++ cmake make git openssl-devel \
    && git clone --quiet --depth 1 --branch "${LLAMA_SERVER_VERSION}" https://github.com/ggml-org/llama.cpp . \
    && export LD_LIBRARY_PATH="${ASCEND_TOOLKIT_HOME}/lib64:${ASCEND_TOOLKIT_HOME}/runtime/lib64/stub:${LD_LIBRARY_PATH:-}" \
    && source /usr/local/Ascend/ascend-toolkit/set_env.sh --force \
    && cmake -B build -DGGML_CANN=ON -DGGML_NATIVE=OFF -DCMAKE_BUILD_TYPE=Release -DSOC_TYPE="${CANN_SOC_TYPE}" \
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
    && cmake --build build --config Release --target llama-server --parallel "$(nproc)" \
    && mkdir /app \
    && cp build/bin/llama-server /app/ \
    && find build -name '*.so*' -exec cp -P {} /app/ \; \
    && yum clean all

# ---- llama-server of each variant: /app/llama-server with its libraries beside it. ----
FROM ${BASE_IMAGE:-ghcr.io/ggml-org/llama.cpp:server-${LLAMA_SERVER_VERSION}} AS llama-server-cpu
FROM ${BASE_IMAGE:-ghcr.io/ggml-org/llama.cpp:server-cuda-${LLAMA_SERVER_VERSION}} AS llama-server-cuda
FROM ${BASE_IMAGE:-ghcr.io/ggml-org/llama.cpp:server-rocm-${LLAMA_SERVER_VERSION}} AS llama-server-rocm
FROM ${BASE_IMAGE:-ghcr.io/ggml-org/llama.cpp:server-musa-${LLAMA_SERVER_VERSION}} AS llama-server-musa
FROM ${BASE_IMAGE:-quay.io/ascend/cann:${CANN_VERSION}} AS llama-server-cann
COPY --from=cann-compiler /app /app
# What the entrypoint of that image would set by its set_env.sh, and where the host's driver is mounted.
ENV ASCEND_TOOLKIT_HOME=/usr/local/Ascend/ascend-toolkit/latest
ENV ASCEND_HOME_PATH=${ASCEND_TOOLKIT_HOME} \
    ASCEND_AICPU_PATH=${ASCEND_TOOLKIT_HOME} \
    ASCEND_OPP_PATH=${ASCEND_TOOLKIT_HOME}/opp \
    PATH=${ASCEND_TOOLKIT_HOME}/bin:${ASCEND_TOOLKIT_HOME}/compiler/ccec_compiler/bin:${PATH} \
    LD_LIBRARY_PATH=${ASCEND_TOOLKIT_HOME}/lib64:${ASCEND_TOOLKIT_HOME}/lib64/plugin/opskernel:${ASCEND_TOOLKIT_HOME}/lib64/plugin/nnengine:/usr/local/Ascend/driver/lib64/driver:/usr/local/Ascend/driver/lib64/common

# ---- Workers with llama.cpp. ----
# hadolint ignore=DL3006
FROM llama-server-${LLAMA_SERVER_VARIANT} AS final-llamacpp
USER 0:0
COPY --from=production /usr/bin/tini-static /usr/local/bin/tini
COPY --from=production /usr/local/bin/node /usr/local/bin/node
COPY --from=production /opt/longshore /opt/longshore
RUN sh /opt/longshore/prepare.sh
ARG VERSION=dev
ARG REVISION=unknown
ARG LLAMA_SERVER_VERSION
ARG LLAMA_SERVER_VARIANT
LABEL org.opencontainers.image.title="Longshore worker" \
      org.opencontainers.image.description="Hosts llama.cpp (${LLAMA_SERVER_VARIANT} ${LLAMA_SERVER_VERSION}) in a Longshore cluster." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/longshore/longshore" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    HOME=/home/longshore \
    LD_LIBRARY_PATH=/app${LD_LIBRARY_PATH:+:${LD_LIBRARY_PATH}} \
    LLAMA_SERVER_PATH=/app/llama-server \
    LONGSHORE_VARIANT=${LLAMA_SERVER_VARIANT} \
    LONGSHORE_MODELS_PATH=/models \
    LONGSHORE_STORE_HOST=0.0.0.0 \
    LONGSHORE_STORE_PORT=12435
WORKDIR /home/longshore
USER 10001:10001
VOLUME /models
EXPOSE 12435
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["/usr/local/bin/node", "/opt/longshore/dist/apps/worker/src/health.js"]
ENTRYPOINT ["/usr/local/bin/tini", "--", "/usr/local/bin/node", "/opt/longshore/dist/apps/worker/src/main.js"]

# ---- Workers with vLLM. ----
FROM ${BASE_IMAGE:-docker.io/vllm/vllm-openai:v${VLLM_VERSION}-${VLLM_CUDA_VERSION}} AS final-vllm
USER 0:0
COPY --from=production /usr/bin/tini-static /usr/local/bin/tini
COPY --from=production /usr/local/bin/node /usr/local/bin/node
COPY --from=production /opt/longshore /opt/longshore
ARG VLLM_VERSION
ARG VLLM_CUDA_VERSION
ARG VLLM_PYTHON_TAG
COPY deploy/docker/check-vllm.py /tmp/check-vllm.py
# The image is what versions.env says, whatever its tag promises.
RUN sh /opt/longshore/prepare.sh \
    && python3 /tmp/check-vllm.py "${VLLM_VERSION}" "${VLLM_CUDA_VERSION}" "${VLLM_PYTHON_TAG}" \
    && rm /tmp/check-vllm.py
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Longshore worker" \
      org.opencontainers.image.description="Hosts vLLM ${VLLM_VERSION} (${VLLM_CUDA_VERSION}) in a Longshore cluster." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/longshore/longshore" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    HOME=/home/longshore \
    LONGSHORE_VARIANT=vllm-cuda \
    LONGSHORE_MODELS_PATH=/models \
    LONGSHORE_STORE_HOST=0.0.0.0 \
    LONGSHORE_STORE_PORT=12435
WORKDIR /home/longshore
USER 10001:10001
VOLUME /models
EXPOSE 12435
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["/usr/local/bin/node", "/opt/longshore/dist/apps/worker/src/health.js"]
ENTRYPOINT ["/usr/local/bin/tini", "--", "/usr/local/bin/node", "/opt/longshore/dist/apps/worker/src/main.js"]

# ---- Workers with SGLang. ----
FROM ${BASE_IMAGE:-docker.io/lmsysorg/sglang:v${SGLANG_VERSION}-runtime} AS final-sglang
USER 0:0
COPY --from=production /usr/bin/tini-static /usr/local/bin/tini
COPY --from=production /usr/local/bin/node /usr/local/bin/node
COPY --from=production /opt/longshore /opt/longshore
RUN sh /opt/longshore/prepare.sh
ARG VERSION=dev
ARG REVISION=unknown
ARG SGLANG_VERSION
LABEL org.opencontainers.image.title="Longshore worker" \
      org.opencontainers.image.description="Hosts SGLang ${SGLANG_VERSION} in a Longshore cluster." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/longshore/longshore" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    HOME=/home/longshore \
    LONGSHORE_VARIANT=sglang-cuda \
    LONGSHORE_MODELS_PATH=/models \
    LONGSHORE_STORE_HOST=0.0.0.0 \
    LONGSHORE_STORE_PORT=12435
WORKDIR /home/longshore
USER 10001:10001
VOLUME /models
EXPOSE 12435
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["/usr/local/bin/node", "/opt/longshore/dist/apps/worker/src/health.js"]
ENTRYPOINT ["/usr/local/bin/tini", "--", "/usr/local/bin/node", "/opt/longshore/dist/apps/worker/src/main.js"]
