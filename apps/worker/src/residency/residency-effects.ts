import type { LongshoreError } from '#contracts';
import type { LoadTask } from './load-task.js';
import type { ResidentSession, SessionIdentity } from './resident-session.js';

/** What residency does to the world. */
export interface ResidencyEffects {
  /** Brings an engine up with the model and returns its session, not yet taking jobs. @throws Error with a sentence */
  readonly load: (task: LoadTask) => Promise<ResidentSession>;
  /** Ends the session's engine; nothing of it is left when this resolves. */
  readonly unload: (session: ResidentSession) => Promise<void>;
  /** A load waits for room. */
  readonly onWaiting: (identity: SessionIdentity) => void;
  /** A session takes jobs. */
  readonly onLoaded: (session: ResidentSession) => void;
  /** The model cannot be loaded here: answer who waits for it, unless another worker can. */
  readonly onLoadFailed: (identity: SessionIdentity, error: LongshoreError) => Promise<void>;
  /** It cannot be loaded as it is configured now; the session it has goes on as before. */
  readonly onRenewalFailed: (identity: SessionIdentity, error: LongshoreError) => void;
  /** An engine has ended by itself. `jobsReturned` resolves when nothing that it ran is in its session's hands. */
  readonly onEngineDied: (session: ResidentSession, jobsReturned: Promise<void>) => void;
  /** What is resident has changed. */
  readonly onChange: () => void;
}
