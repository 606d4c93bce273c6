"""For a gunicorn of your own, several processes or hosts: `gunicorn --worker-class app.worker.Worker --threads 600 app.wsgi:application`.

Not with `--preload`: the desk's threads start when this module is imported and would not survive the fork.
"""

import atexit
import sys

from app import logs
from app.bundle import found
from app.server import create_app
from data.desk import Desk
from data.live_monitor import share_desk
from data.settings import Settings

settings = Settings.load()
logs.configure(settings.botv2_data_dir)
desk = Desk.open(settings)
if password := desk.accounts.ensure_admin():
    sys.stderr.write(f"the user admin was made, with the password {password} (shown this once, in no log)\n")
desk.start()
atexit.register(desk.close)
share_desk(desk)
application = create_app(settings, desk, found(settings.botv2_base_path)).server
application.extensions["botv2.push"].start()
