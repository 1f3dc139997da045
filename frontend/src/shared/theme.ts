import { recall, remember } from './storage';

/** How the page looks: `system` follows the device, `contrast` is white and yellow on black. */
export const THEMES = ['system', 'light', 'dark', 'contrast'] as const;

export type Theme = (typeof THEMES)[number];

/** The theme chosen before; a device that asks for more contrast gets it until something else is chosen. */
export function rememberedTheme(): Theme {
  const remembered = THEMES.find((theme) => theme === recall('theme'));
  return remembered ?? (matchMedia('(prefers-contrast: more)').matches ? 'contrast' : 'system');
}

/** Show the page in a theme. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Show the page in a theme, this time and the next. */
export function chooseTheme(theme: Theme): void {
  applyTheme(theme);
  remember('theme', theme);
}
