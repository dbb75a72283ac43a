"""How a server keeps what it keeps: in clear, or with --vault in a vault."""

from gsched.net.transport.mistakes import Mistake
from gsched.options.settings import Settings
from gsched.store.vault import keyfile, opening
from gsched.store.vault.opening import Vault, VaultError, WrongKey

NO_KEY = "give its key by --vault_key_file, in GSCHED_VAULT_KEY, or at a terminal"


def opened(settings: Settings) -> Vault:
    """The vault of these settings; there is none without --vault. Raises Mistake."""
    directory = settings.dest_path_prefix
    if not settings.vault:
        if keyfile.exists(directory):
            raise Mistake(
                f"--dest_path_prefix {directory}: it is encrypted; give --vault and its key, "
                "or have it in clear again by gsched rekey --off"
            )
        return opening.CLEAR
    if not settings.vault_key:
        raise Mistake(f"--vault: {NO_KEY}")
    try:
        return opening.opened(directory, settings.vault_key)
    except WrongKey as error:
        raise Mistake(f"--vault: this key does not open {directory}: {error}") from error
    except VaultError as error:
        raise Mistake(f"--vault: {error}") from error
    except OSError as error:
        raise Mistake(f"--dest_path_prefix {directory}: {error.strerror or error}") from error
