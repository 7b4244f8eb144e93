// What is done next with a run at a provider, as one function of what is stored and what was seen. Whoever
// carries it out holds the job; a provider is asked rather than believed.

import type { RunStage } from '../../models/generation/comfyui/workflow-execution.ts';

type Ms = number;

/** What a provider says of a run. */
export type Sight =
  | { is: 'PENDING' }
  | { is: 'RUNNING' }
  /** How long it took, where its pod says so. */
  | { is: 'SUCCEEDED'; seconds?: number | undefined }
  | { is: 'FAILED'; code: string; message: string; outOfMemory?: boolean }
  | { is: 'INTERRUPTED' }
  /** It answers, and knows no such run. */
  | { is: 'UNKNOWN' }
  /** It does not answer. */
  | { is: 'UNREACHED' };

/** What is stored of a run, as far as a decision needs it. Times since something are in ms. */
export interface RunState {
  stage: RunStage;
  /** Since it was sent, or last tried to be. */
  sinceSent?: Ms | undefined;
  /** Since it was first seen to run. */
  sinceRunning?: Ms | undefined;
  /** How long it may run, where that is paid for: no longer than credits are held for. */
  mayRun?: Ms | undefined;
  sinceMissing?: Ms | undefined;
  sinceUnreached?: Ms | undefined;
}

export type Decision =
  /** It was never taken: it may be sent, to this provider or to another. */
  | { do: 'SUBMIT' }
  /** Look again later. */
  | { do: 'WAIT'; stage: RunStage; wakeIn: number }
  | { do: 'COLLECT' }
  | { do: 'FAIL'; code: string; message: string; outOfMemory?: boolean }
  /** It has run for as long as is paid for: it is stopped, and costs what is held. */
  | { do: 'END_SPENT'; code: string; message: string }
  /** The provider has forgotten it, or is gone. */
  | { do: 'LOSE'; message: string };

/** How long a request may be under way at most: before, what is not known may still arrive. */
export const SETTLED_AFTER: Ms = 25_000;
/** How long a run must be unknown, without a pause, before that is believed: two looks at least. */
export const LOST_AFTER: Ms = 5_000;
/** How long a provider may keep silent before its run is lost. */
export const GONE_AFTER: Ms = 30 * 60_000;
/** The longest that a run may take. */
export const LONGEST_RUN: Ms = 24 * 3_600_000;

/** Decides what is done next. */
export function decide(state: RunState, sight: Sight): Decision {
  const wasTaken = state.stage === 'SUBMITTED' || state.stage === 'RUNNING';
  if (wasTaken && (state.sinceSent ?? 0) > LONGEST_RUN) {
    return { do: 'FAIL', code: 'TIMED_OUT', message: 'It took longer than 24 hours.' };
  }
  switch (sight.is) {
    case 'PENDING':
      return look(state, 'SUBMITTED');
    case 'RUNNING':
      return isSpent(state, state.sinceRunning) ? spent(state) : look(state, 'RUNNING');
    case 'SUCCEEDED':
      // However late it was looked at: what it costs does not depend on that.
      return isSpent(state, 1000 * (sight.seconds ?? 0)) ? spent(state) : { do: 'COLLECT' };
    case 'FAILED': {
      const { code, message, outOfMemory } = sight;
      return { do: 'FAIL', code, message, ...(outOfMemory && { outOfMemory }) };
    }
    case 'INTERRUPTED':
      return { do: 'FAIL', code: 'INTERRUPTED', message: 'It was stopped at its pod.' };
    case 'UNKNOWN':
      if (wasTaken) {
        if ((state.sinceMissing ?? 0) < LOST_AFTER) return look(state, state.stage);
        return { do: 'LOSE', message: 'Its pod has forgotten it, since it was started anew.' };
      }
      // The request may still be under way, or wait at a pod that has only just begun to answer again.
      if (
        (state.sinceSent ?? Number.POSITIVE_INFINITY) < SETTLED_AFTER ||
        (state.sinceMissing ?? 0) < LOST_AFTER
      ) {
        return { do: 'WAIT', stage: 'SUBMITTING', wakeIn: 5 };
      }
      return { do: 'SUBMIT' };
    case 'UNREACHED':
      if ((state.sinceUnreached ?? 0) < GONE_AFTER) {
        const wakeIn = pace((4 * (state.sinceUnreached ?? 0)) / 1000, 60);
        return { do: 'WAIT', stage: state.stage, wakeIn };
      }
      return { do: 'LOSE', message: 'Its pod could not be reached for half an hour.' };
  }
}

function isSpent({ mayRun }: RunState, ran: Ms = 0): boolean {
  return mayRun !== undefined && ran > mayRun;
}

function spent({ mayRun = 0 }: RunState): Decision {
  const message = `It took longer than the ${mayRun / 1000} seconds of a GPU that its workflow allows.`;
  return { do: 'END_SPENT', code: 'GPU_SECONDS_SPENT', message };
}

function look({ sinceSent = 0, sinceRunning = 0, mayRun }: RunState, stage: RunStage): Decision {
  const wakeIn = pace(sinceSent / 1000, 30);
  if (stage !== 'RUNNING' || mayRun === undefined) return { do: 'WAIT', stage, wakeIn };
  const left = Math.floor((mayRun - sinceRunning) / 1000) + 1;
  return { do: 'WAIT', stage, wakeIn: Math.max(1, Math.min(wakeIn, left)) };
}

/**
 * In how many seconds to look again at what has taken so many: a twentieth of that, so that a short run is seen
 * to end at once, and one of hours takes few looks.
 */
export function pace(seconds: number, most: number): number {
  return Math.min(Math.max(Math.floor(seconds / 20), 1), most);
}
