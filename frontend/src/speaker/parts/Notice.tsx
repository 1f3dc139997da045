import type { ReactNode } from 'react';
import { Icon, type IconName } from '../../shared/ui/Icon';
import styles from './Notice.module.css';

const ICONS = { trouble: 'warning', hint: 'warning', info: 'info', good: 'check' } satisfies Record<
  string,
  IconName
>;

interface NoticeProps {
  readonly kind: keyof typeof ICONS;
  readonly children: ReactNode;
  /** What can be done about it. */
  readonly actions?: ReactNode;
}

/** Something that the speaker should know now. It is announced when it appears: keep it in the page only while it holds. */
export function Notice({ kind, children, actions }: NoticeProps) {
  return (
    <div className={styles[kind]} role={kind === 'trouble' ? 'alert' : 'status'}>
      <Icon name={ICONS[kind]} />
      <p>{children}</p>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
