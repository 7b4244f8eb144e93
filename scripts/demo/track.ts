/** The fields of a track that the demo reads. */
export interface Track {
  id: string;
  name: string;
  status: 'AWAITING_UPLOAD' | 'PROCESSING' | 'READY' | 'FAILED';
  progress: number;
  error?: { code: string; message: string };
  warnings?: { code: string; message: string }[];
  contentType: string;
  size: number;
  metadata?: { title?: string; artist?: string };
  audio?: {
    durationSeconds: number;
    sampleRate: number;
    channels: number;
    bitRate?: number;
    codec: string;
    lossless: boolean;
  };
  analysis?: {
    bpm?: number;
    bpmConfidence?: number;
    key?: string;
    scale?: 'MAJOR' | 'MINOR';
    keyConfidence?: number;
    loudness?: { integratedLufs?: number; rangeLu?: number; truePeakDbtp?: number };
  };
  derivatives?: { name: string; size: number }[];
}

/** How to upload the bytes of a new track. */
export interface Upload {
  method: string;
  url: string;
  headers: Record<string, string>;
}
