import type { Ctx } from '../../context.ts';
import { getText, putText } from '../../providers/s3.ts';
import { signedAddress, signedText } from './signed-links.ts';

/** The derivative whose cues name tiles of the one beside it. */
export const SPRITE_MAP = 'spriteMap';

/**
 * The key of a sprite's map whose cues a player can follow: as it is stored, they name the sprite, and a
 * player would look for that beside the link, unsigned.
 */
export async function signedSpriteMap(ctx: Ctx, derivativesPath: string): Promise<string> {
  const { key } = await signedText(ctx, `${derivativesPath}/signed`, SPRITE_MAP, async (folder) => {
    const map = await getText(`${derivativesPath}/${SPRITE_MAP}`);
    const sprite = signedAddress(`${derivativesPath}/sprite`);
    const signed = map.replace(/^sprite(?=#xywh=)/gm, () => sprite);
    await putText(`${folder}/${SPRITE_MAP}`, signed, 'text/vtt');
  });
  return key;
}
