/** Drawn on 24 by 24, in the colour of the text around. */
const PATHS = {
  pause: 'M8 5v14M16 5v14',
  play: 'M7 4.5v15l12-7.5z',
  sound: 'M4 9.5v5h4l5 4v-13l-5 4zM16.5 8.5a5 5 0 0 1 0 7M19 6a8.5 8.5 0 0 1 0 12',
  muted: 'M4 9.5v5h4l5 4v-13l-5 4zM17 9.5l5 5M22 9.5l-5 5',
  settings: 'M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5v5M8 14.5v5',
  down: 'M12 5v14M6 13l6 6 6-6',
  close: 'M6 6l12 12M18 6L6 18',
  microphone: 'M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4',
  stop: 'M6 6h12v12H6Z',
  qr: 'M4 4h6v6H4ZM14 4h6v6h-6ZM4 14h6v6H4ZM14 14h2.5v2.5H14ZM20 14v6M14 20h2.5',
  copy: 'M9 9h11v11H9ZM15 9V4H4v11h5',
  download: 'M12 4v11M7 10.5l5 5 5-5M4.5 20h15',
  warning: 'M12 4 2.5 20h19L12 4ZM12 10v5M12 17.3v.4',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5.5M12 7.3v.4',
  check: 'M4.5 12.5l5 5 10-11',
  network: 'M2.5 9a14 14 0 0 1 19 0M6 13a9 9 0 0 1 12 0M9.3 16.8a4 4 0 0 1 5.4 0M12 20v.3',
  keyboard: 'M3 6.5h18v11H3ZM7 10.5h.1M11 10.5h.1M15 10.5h.1M8 14h8',
  back: 'M19.5 12h-15M10.5 6l-6 6 6 6',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.2a6.5 6.5 0 0 1 3.5 5.8',
  microphoneOff:
    'M9 5.5A3 3 0 0 1 15 6v5.5M9 9v3a3 3 0 0 0 4.6 2.5M5.5 11.5A6.5 6.5 0 0 0 16 16.6M18.3 13a6.4 6.4 0 0 0 .2-1.5M12 18v3.5M3.5 3.5l17 17',
} as const;

export type IconName = keyof typeof PATHS;

/** A sign beside, or in place of, words; what it means must be said by its button. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      aria-hidden="true"
      width="24"
      height="24"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
