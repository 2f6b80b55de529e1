import { Variable } from '#config';
import type { Proxies } from './client/open-dispatcher.js';

/**
 * What the commands that talk to a cluster read from the environment. Empty text means: not given. It has no rules of
 * class-validator, which takes longer to load than a short command takes.
 */
export class ClientConfig {
  @Variable('MODEL_RUNNER_HOST') modelRunnerHost = '';
  @Variable('LONGSHORE_URL') url = '';
  @Variable('LONGSHORE_API_KEY') apiKey = '';
  @Variable('MODEL_RUNNER_TLS') tls = false;
  @Variable('MODEL_RUNNER_TLS_CA_CERT') tlsCaCert = '';
  @Variable('MODEL_RUNNER_TLS_SKIP_VERIFY') tlsSkipVerify = false;
  @Variable('DEFAULT_REGISTRY') defaultRegistry = 'docker.io';
  @Variable('HF_TOKEN') huggingFaceToken = '';
  @Variable('HF_ENDPOINT') huggingFaceEndpoint = 'https://huggingface.co';
  @Variable('LONGSHORE_DOCKER_HUB_URL') dockerHubUrl = 'https://hub.docker.com';
  @Variable('HTTP_PROXY') httpProxy = '';
  @Variable('http_proxy') httpProxyLower = '';
  @Variable('HTTPS_PROXY') httpsProxy = '';
  @Variable('https_proxy') httpsProxyLower = '';
  @Variable('NO_PROXY') noProxy = '';
  @Variable('no_proxy') noProxyLower = '';
  @Variable('LONGSHORE_DATA') data = '';
  @Variable('LONGSHORE_NOHISTORY') noHistory = '';
  @Variable('HOME') home = '';
  @Variable('NO_COLOR') noColor = '';
  @Variable('FORCE_COLOR') forceColor = '';

  get proxies(): Proxies {
    return {
      http: this.httpProxyLower || this.httpProxy,
      https: this.httpsProxyLower || this.httpsProxy,
      none: this.noProxyLower || this.noProxy,
    };
  }
}
