import { type ReactNode, useEffect, useRef } from 'react';

interface DialogProps {
  readonly label: string;
  /** Left out: it can't be closed but by what is in it. */
  readonly onClose?: () => void;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

/** A modal dialog that is open for as long as it is in the page. */
export function Dialog({ label, onClose, className, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!ref.current?.open) ref.current?.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-label={label}
      className={className}
      onCancel={(event) => onClose === undefined && event.preventDefault()}
      onClose={onClose}
    >
      {children}
    </dialog>
  );
}
