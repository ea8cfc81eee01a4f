"""What audit's events say of who looked. They change no household's state."""

from contracts.access import (
    HouseholdExported,
    HouseholdLookedAt,
    ListLookedAt,
    ListRefused,
    LookRefused,
)
from contracts.meaning import Look, Meaning, Meanings

ACCESS = Meanings(
    {
        HouseholdLookedAt: Meaning(look=Look(shown="shown", purpose="purpose")),
        HouseholdExported: Meaning(look=Look(shown="shown", purpose="purpose")),
        LookRefused: Meaning(look=Look(shown="shown", refusal="refusal")),
        ListLookedAt: Meaning(look=Look(shown="shown", purpose="purpose")),
        ListRefused: Meaning(look=Look(shown="shown", refusal="refusal")),
    }
)
