import { useMemo } from 'react';
import { encode } from 'uqr';
import styles from './QrCode.module.css';

/** Modules of white that scanners need around a code. */
const QUIET = 4;

/** A QR code: black on white in every theme, or cameras don't find it. */
export function QrCode({ value, label }: { value: string; label: string }) {
  const { path, size } = useMemo(() => {
    const code = encode(value, { border: QUIET, ecc: 'M' });
    const rows = code.data.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1Z` : '')).join(''));
    return { path: rows.join(''), size: code.size };
  }, [value]);
  return (
    <svg className={styles.code} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}
