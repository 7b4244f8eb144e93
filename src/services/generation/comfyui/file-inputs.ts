import { readObject } from './protocol.ts';

/** What an input takes: the name of a FILE at the pod, a TEXT that names none, or something OTHER. */
export type InputUse = 'FILE' | 'TEXT' | 'OTHER';

/** The inputs of ComfyUI's own nodes that name files or folders of files. */
const LOADERS = new Map<string, string[]>(
  Object.entries({
    ...{ LoadImage: ['image'], LoadImageMask: ['image'], LoadImageOutput: ['image'] },
    ...{
      LoadAudio: ['audio'],
      RecordAudio: ['audio'],
      LoadVideo: ['file'],
      LoadLatent: ['latent'],
    },
    ...{ Load3D: ['model_file', 'image'], WebcamCapture: ['image'] },
    ...{ LoadImageDataSetFromFolder: ['folder'], LoadImageTextDataSetFromFolder: ['folder'] },
    ...{ LoadTrainingDataset: ['folder_name'] },
  }),
);

/** What nodes of others that load something call a file or a folder. Files of models are another matter. */
const LOADER = /load|read|import|open/i;
const NAME =
  /^(images?|audios?|videos?|masks?|latents?|mesh|files?|model_file)$|path|file(_?name)?$|folder|director|^dir$|_dir$/i;
const MODEL = /^(model|ckpt|lora|vae|clip|unet|checkpoint)s?_?(name|path|dir|folder)?$/i;

/** What texts are called, where a pod does not say what its nodes take. */
const TEXT = /^(text|prompt|lyrics|tags|positive|negative|value|string)|_(text|prompt)$/i;

/**
 * What an input of a class of nodes takes.
 * @param declaration what the pod says of it: `["STRING", { multiline: true }]`; undefined where it says nothing
 */
export function readInputUse(classType: string, input: string, declaration: unknown): InputUse {
  if (LOADERS.get(classType)?.includes(input)) return 'FILE';
  const [type, more] = Array.isArray(declaration) ? declaration : [];
  const options = readObject(more);
  const isUpload = Object.entries(options).some(
    ([key, value]) => FOLDERS.has(key) || (key.endsWith('_upload') && value),
  );
  if (isUpload) return 'FILE';
  if (declaration === undefined) return TEXT.test(input) ? 'TEXT' : 'OTHER';
  if (type === 'STRING' && options.multiline === true) return 'TEXT';
  const isName = type === 'STRING' || type === 'COMBO' || Array.isArray(type);
  const isLoader = isName && LOADER.test(classType) && NAME.test(input) && !MODEL.test(input);
  return isLoader ? 'FILE' : 'OTHER';
}

/** What declarations say of inputs that name files: those of ComfyUI, and of the nodes for videos that many have. */
const FOLDERS = new Set(['image_folder', 'vhs_path_extensions']);

const ANNOTATED = /\[(input|output|temp)\]\s*$/i;
const UPWARD = /(^|[/\\])\.\.([/\\]|$)/;
const ABSOLUTE = /^\s*([/\\]+[^/\\\s]|[a-z]:[/\\]|~[/\\]|file:)/i;
const MEDIA =
  /\.(png|jpe?g|jfif|webp|gif|bmp|tiff?|avif|hei[cf]|exr|hdr|svg|mp4|m4v|webm|mov|mkv|avi|mp3|wav|flac|ogg|opus|m4a|aac|latent|glb|gltf|obj|fbx|stl|ply|usdz|np[yz]|zip)\s*$/i;
/** Longer than the path of a file can be. */
const LONGEST_PATH = 4096;

/** Whether a text leads out of the folder of inputs: `a.png [output]`, `../output/a.png`, `/etc/passwd`. */
export function leadsOut(text: string): boolean {
  if (text.length > LONGEST_PATH || /[\r\n]/.test(text)) return false;
  return ANNOTATED.test(text) || UPWARD.test(text) || ABSOLUTE.test(text);
}

/** Whether a text looks like the name of a file that is not a model's. */
export function looksLikeFile(text: string): boolean {
  if (text.length > LONGEST_PATH || /[\r\n]/.test(text)) return false;
  return leadsOut(text) || MEDIA.test(text) || /^mixdown([/\\]|$)/i.test(text);
}
