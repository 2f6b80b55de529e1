import { IsString } from 'class-validator';
import { Variable } from '#config';
import type { Proxies } from './client/open-dispatcher.js';

/** What the commands that talk to a cluster read from the environment. Empty text means: not given. */
export class ClientConfig {
  @Variable('MODEL_RUNNER_HOST') @IsString() modelRunnerHost = '';
  @Variable('LONGSHORE_URL') @IsString() url = '';
  @Variable('LONGSHORE_API_KEY') @IsString() apiKey = '';
  @Variable('MODEL_RUNNER_TLS') tls = false;
  @Variable('MODEL_RUNNER_TLS_CA_CERT') @IsString() tlsCaCert = '';
  @Variable('MODEL_RUNNER_TLS_SKIP_VERIFY') tlsSkipVerify = false;
  @Variable('DEFAULT_REGISTRY') @IsString() defaultRegistry = 'docker.io';
  @Variable('HF_TOKEN') @IsString() huggingFaceToken = '';
  @Variable('HF_ENDPOINT') @IsString() huggingFaceEndpoint = 'https://huggingface.co';
  @Variable('LONGSHORE_DOCKER_HUB_URL') @IsString() dockerHubUrl = 'https://hub.docker.com';
  @Variable('HTTP_PROXY') @IsString() httpProxy = '';
  @Variable('http_proxy') @IsString() httpProxyLower = '';
  @Variable('HTTPS_PROXY') @IsString() httpsProxy = '';
  @Variable('https_proxy') @IsString() httpsProxyLower = '';
  @Variable('NO_PROXY') @IsString() noProxy = '';
  @Variable('no_proxy') @IsString() noProxyLower = '';
  @Variable('LONGSHORE_DATA') @IsString() data = '';
  @Variable('LONGSHORE_NOHISTORY') @IsString() noHistory = '';
  @Variable('HOME') @IsString() home = '';
  @Variable('NO_COLOR') @IsString() noColor = '';
  @Variable('FORCE_COLOR') @IsString() forceColor = '';

  get proxies(): Proxies {
    return {
      http: this.httpProxyLower || this.httpProxy,
      https: this.httpsProxyLower || this.httpsProxy,
      none: this.noProxyLower || this.noProxy,
    };
  }
}
