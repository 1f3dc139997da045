import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Where `dragoman up` serves the built pages; the development server takes its `config.json` from there. */
const running = 'http://127.0.0.1:18080';

/** There is no page at `/`: the development server names both, and sends whoever asks for neither to the listener's. */
const pages: Plugin = {
  name: 'pages',
  configureServer(server) {
    server.middlewares.use((request, response, next) => {
      if (request.originalUrl !== '/') return next();
      response.writeHead(302, { location: '/listener.html' }).end();
    });
    server.printUrls = () => {
      for (const page of ['speaker', 'listener']) {
        const { host, port } = server.config.server;
        server.config.logger.info(`  http://${host}:${port}/${page}.html`);
      }
    };
  },
};

export default defineConfig({
  base: './',
  plugins: [react(), pages],
  server: { host: '127.0.0.1', port: 18079, strictPort: true, proxy: { '/config.json': running } },
  build: {
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['listener.html', 'speaker.html'] },
  },
  worker: { format: 'es' },
  test: { include: ['src/**/*.test.ts'] },
});
