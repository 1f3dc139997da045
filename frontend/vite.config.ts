import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where `dragoman up` serves the built pages; the development server takes its `config.json` from there. */
const running = 'http://127.0.0.1:18080';

export default defineConfig({
  base: './',
  plugins: [react()],
  server: { host: '127.0.0.1', port: 18079, proxy: { '/config.json': running } },
  build: {
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['listener.html', 'speaker.html'] },
  },
  worker: { format: 'es' },
  test: { include: ['src/**/*.test.ts'] },
});
