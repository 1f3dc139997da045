"""``python -m tests.faults.auditor FOLDER``: the account of a record. Ends with 1 if it isn't clean."""

import sys
from pathlib import Path

from tests.faults.auditor.account import audit
from tests.faults.auditor.evidence import read

if __name__ == "__main__":
    accounts = audit(read(Path(sys.argv[1])))
    print("\n\n".join(map(str, accounts)))
    sys.exit(not all(account.clean for account in accounts))
