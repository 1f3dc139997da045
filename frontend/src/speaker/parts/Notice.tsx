import type { ReactNode } from 'react';
import { Icon } from '../../shared/ui/Icon';
import styles from './Notice.module.css';

interface NoticeProps {
  readonly kind: 'trouble' | 'hint' | 'good';
  readonly children: ReactNode;
  /** What can be done about it. */
  readonly actions?: ReactNode;
}

/** Something that the speaker should know now. It is announced when it appears: keep it in the page only while it holds. */
export function Notice({ kind, children, actions }: NoticeProps) {
  return (
    <div className={styles[kind]} role={kind === 'trouble' ? 'alert' : 'status'}>
      <Icon name={kind === 'good' ? 'check' : 'warning'} />
      <p>{children}</p>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
