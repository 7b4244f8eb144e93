import type { Ctx } from '../../context.ts';
import { getText, putText } from '../../providers/s3.ts';
import { SPRITE_MAP } from './derivative-name.ts';
import { getSignedText, presignUrl } from './signed-texts.ts';

/**
 * Returns the key of a sprite map with a presigned URL in each cue. The stored map has a relative
 * name instead, which a player would resolve to an unsigned URL.
 */
export async function getSignedSpriteMap(ctx: Ctx, derivativesPath: string): Promise<string> {
  const { key } = await getSignedText(
    ctx,
    `${derivativesPath}/signed`,
    SPRITE_MAP,
    async (folder) => {
      const map = await getText(`${derivativesPath}/${SPRITE_MAP}`);
      const sprite = presignUrl(`${derivativesPath}/sprite`);
      const signed = map.replace(/^sprite(?=#xywh=)/gm, () => sprite);
      await putText(`${folder}/${SPRITE_MAP}`, signed, 'text/vtt');
    },
  );
  return key;
}
