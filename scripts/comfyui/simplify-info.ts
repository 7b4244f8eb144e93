type Json = Record<string, unknown>;

// What a program has to know of a class. Texts for people are left out.
const KEPT = [
  ...['input', 'input_order', 'output', 'output_is_list', 'output_name', 'name', 'display_name'],
  ...['python_module', 'category', 'output_node'],
];
// Inputs whose options are the files of models that are there.
const MODELS = ['ckpt_name', 'unet_name', 'clip_name', 'vae_name', 'model_name'];
const WORDS = ['tooltip', 'placeholder'];

/**
 * Takes from a class in `/object_info` what is the same on every server of that version: without the
 * names of files, of which each server has others.
 */
export function simplifyInfo(info: Json | undefined): Json {
  const kept = Object.fromEntries(KEPT.map((key) => [key, info?.[key]]));
  const groups = Object.entries((info?.input ?? {}) as Record<string, Record<string, unknown>>);
  const input = groups.map(([group, inputs]) => [
    group,
    Object.fromEntries(
      Object.entries(inputs).map(([name, given]) => [name, simplify(name, given)]),
    ),
  ]);
  return { ...kept, input: Object.fromEntries(input), description: '' };
}

function simplify(name: string, given: unknown): unknown {
  if (!Array.isArray(given)) return given;
  const [type, bounds] = given as [unknown, Json | undefined];
  const plain = Object.fromEntries(
    Object.entries(bounds ?? {}).filter(([key]) => !WORDS.includes(key)),
  );
  const isFile = MODELS.includes(name) || Object.keys(plain).some((key) => key.includes('upload'));
  if (isFile && 'options' in plain) plain.options = [];
  const options = isFile && Array.isArray(type) ? [] : type;
  return Object.keys(plain).length > 0 ? [options, plain] : [options];
}
