import { freemem, totalmem } from 'node:os';
import type { Host } from '../host.ts';
import { describeClass, listClasses } from '../nodes/classes.ts';
import { answer, answerEmpty, type Routes } from './route.ts';

/** The folders of models. */
const MODEL_FOLDERS = [
  ...['checkpoints', 'loras', 'vae', 'text_encoders', 'diffusion_models', 'clip_vision'],
  ...['style_models', 'embeddings', 'diffusers', 'vae_approx', 'controlnet', 'gligen'],
  ...['upscale_models', 'latent_upscale_models', 'hypernetworks', 'photomaker', 'classifiers'],
  ...['model_patches', 'audio_encoders'],
];

/** What the server is, what it can, and which models it has. */
export const info: Routes = {
  'GET /object_info': ({ host }) =>
    answer(
      Object.fromEntries(listClasses().map((name) => [name, describeClass(name, host.files)])),
    ),
  'GET /object_info/{class}': ({ host, name }) => {
    const described = describeClass(name, host.files);
    return answer(described ? { [name]: described } : {});
  },
  'GET /system_stats': ({ host }) => answer(describeSystem(host)),
  'GET /features': ({ host }) => answer(listFeatures(host)),
  'GET /models': () => answer(MODEL_FOLDERS),
  'GET /models/{folder}': ({ host, name }) =>
    MODEL_FOLDERS.includes(name) ? answer(host.files.listModels(name)) : answerEmpty(404),
  'GET /embeddings': () => answer([]),
  'GET /extensions': () => answer([]),
};

/** What the server tells a client that negotiates features. */
export function listFeatures({ settings }: Host) {
  return {
    supports_preview_metadata: true,
    max_upload_size: settings.maxUpload,
    extension: { manager: { supports_v4: true } },
  };
}

function describeSystem({ settings }: Host) {
  const memory = { ram_total: totalmem(), ram_free: freemem() };
  return {
    system: {
      os: process.platform,
      ...memory,
      comfyui_version: settings.version,
      required_frontend_version: '0.0.0',
      installed_templates_version: null,
      required_templates_version: null,
      python_version: `stand-in on Node ${process.versions.node}`,
      pytorch_version: 'none',
      embedded_python: false,
      argv: ['main.py', '--cpu'],
    },
    devices: [
      {
        name: 'cpu',
        type: 'cpu',
        index: null,
        vram_total: memory.ram_total,
        vram_free: memory.ram_free,
        torch_vram_total: memory.ram_total,
        torch_vram_free: memory.ram_free,
      },
    ],
  };
}
