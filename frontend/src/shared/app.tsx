import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './tokens.css';
import './base.css';
import { applyTheme, rememberedTheme } from './theme';

/** Put a page's root on the screen, in the theme chosen before. */
export function show(root: ReactNode): void {
  applyTheme(rememberedTheme());
  const place = document.getElementById('root');
  if (place === null) throw new Error('the page has no #root');
  createRoot(place).render(<StrictMode>{root}</StrictMode>);
}
