/** Where the services are: read from `config.json` beside the page, so that one build serves every deployment. */
export interface Config {
  /** HTTP base of ingest, without a trailing slash. */
  readonly ingest: string;
  /** WebSocket base of the notifier, without a trailing slash. */
  readonly notifier: string;
  /** Speakers' identity provider. */
  readonly cognito: Cognito;
  /** The listeners' page as they reach it; only where it isn't beside the speaker's. */
  readonly listener?: string;
}

export interface Cognito {
  readonly region: string;
  readonly user_pool_id: string;
  readonly client_id: string;
  /** Only where it isn't AWS's own. */
  readonly endpoint?: string;
}

/** Fetch the configuration. Rejects with an Error where it is missing or can't be read. */
export async function loadConfig(): Promise<Config> {
  const answer = await fetch(new URL('config.json', document.baseURI));
  if (!answer.ok) throw new Error(`config.json: HTTP ${answer.status}`);
  return resolved((await answer.json()) as Config, document.baseURI);
}

/** Make the services' bases absolute: `""` and `"/"` mean the page's own origin. */
export function resolved(config: Config, page: string): Config {
  return {
    ...config,
    ingest: base(config.ingest, page, 'http'),
    notifier: base(config.notifier, page, 'ws'),
  };
}

/** An absolute base of the wanted kind: `http(s)` or `ws(s)`, secure as the address given is. */
function base(value: string, page: string, kind: 'http' | 'ws'): string {
  const { protocol, host, pathname } = new URL(value || '/', page);
  const secure = protocol === 'https:' || protocol === 'wss:';
  return `${kind}${secure ? 's' : ''}://${host}${pathname}`.replace(/\/+$/, '');
}

/** The speaker's socket on ingest. */
export const speakUrl = (config: Config): string => `${config.ingest.replace(/^http/, 'ws')}/speak`;

/** The listener's socket on the notifier. */
export const listenUrl = (config: Config): string => `${config.notifier}/listen`;
