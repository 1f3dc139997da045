import styles from './entrance.module.css';

/** Whose page this is. */
export function Brand() {
  return (
    <p className={styles.brand}>
      <img src="./icon.svg" alt="" width="28" height="28" />
      Dragoman
    </p>
  );
}
