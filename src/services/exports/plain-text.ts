import Joi from 'joi';
import { hasAtMost } from '../../data/characters.ts';

/**
 * Controls, separators of lines and paragraphs, and halves of surrogate pairs. In a file of text, such as
 * subtitles or ffmpeg's metadata, they would begin another line, or end the file.
 */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text without control characters; its line feeds stay. */
export function removeControls(text: string): string {
  return text.replace(CONTROLS, (character) => (character === '\n' ? '\n' : ''));
}

/** A joi text without control characters but line feeds, of at most so many characters, as people count them. */
export function plainText(max: number): Joi.StringSchema {
  return Joi.string().custom((sent: string, { error, message }) => {
    const value = sent.replaceAll('\r\n', '\n');
    if (!hasAtMost(value, max)) return error('string.max', { limit: max });
    if (removeControls(value) === value) return value;
    return message({ custom: 'must not have control characters other than line feeds' });
  });
}
