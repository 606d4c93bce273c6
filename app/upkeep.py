"""The commands that look after the store: migrate, backup, restore, doctor."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from data.backup import Progress, backup_folder, migrated
from data.backup import backup as make_backup
from data.files import make_folder
from data.settings import Settings
from data.store import Store


def migrate(keep: bool) -> None:
    """Migrate the store, after a backup when `keep` says so, and print its schema."""
    settings = Settings.load()
    with closing(Store(settings.store_url)) as store:
        if keep:
            with _shown("backup") as watch:
                copy = migrated(store, settings, watch)
            if copy is not None:
                print(f"the store as it was is kept in {copy}")
        else:
            store.migrate()
        print(f"the store has schema {store.schema_version()}")


def backup(path: Path | None) -> None:
    """Write a backup and print where it is."""
    settings = Settings.load()
    if path is None:
        path = backup_folder(settings)
        make_folder(path)
    with closing(Store(settings.store_url)) as store, _shown("backup") as watch:
        made = make_backup(store, path, watch)
    print(f"wrote {made} ({made.stat().st_size / 2**20:.1f} MiB)")
    if not settings.secret_key.get_secret_value():
        key = settings.botv2_data_dir / "secret_key"
        print(f"it does not hold the secret key, without which nobody's second factor can be restored: keep {key}, too")


def restore(path: Path) -> None:
    """Put a backup in the store's place and say where the replaced one is."""
    from data.accounts import Accounts
    from data.restore import restore as put_back

    settings = Settings.load()
    with _shown("restore") as watch:
        kept = put_back(settings, path, watch)
    with closing(Store(settings.store_url)) as store:
        Accounts(store, settings).audit("cli", "store.restore", path.name)
    print("the store was empty before" if kept is None else f"what it replaced is kept in {kept}; `restore` with that undoes it")
    print("everybody is signed out; tokens are those of the backup: revoke what was revoked since")


def doctor(thorough: bool) -> int:
    """Print a line for each thing looked at, and return 1 when one must be mended."""
    from data.doctor import examine

    failed = False
    for finding in examine(thorough=thorough):
        failed = failed or finding.level == "fail"
        print("\n".join(finding.lines()), flush=True)
    return int(failed)


@contextmanager
def _shown(does: str) -> Iterator[Progress]:
    """Give a function that shows on the terminal how many bytes are written."""
    from tqdm import tqdm

    with tqdm(desc=does, unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr, leave=False) as bar:

        def watch(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield watch
