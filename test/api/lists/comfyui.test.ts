import '../../harness/place.ts';
import { listsAreCheap } from './costs.ts';

listsAreCheap('comfyui');
