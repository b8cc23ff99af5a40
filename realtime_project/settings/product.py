"""The numbers of the product's rules: moderation, chat, streams, money, tiers and collaboration."""

from datetime import timedelta

import environ

env = environ.Env()

# --- Moderation -----------------------------------------------------------------------------------

MODERATION_MODEL: str = env.str("MODERATION_MODEL", default="moderation.blend.BlendedModel")
MODERATION_HOLD_SCORE = 0.4
MODERATION_STOP_SCORE = 0.6
MODERATION_BAN_SCORE = 0.9
# What no policy of a stream may fall below, by category: 1, that the worst of it is stopped. Everywhere is for staff.
MODERATION_LEAST_LEVELS = {"hate": 1, "threat": 1, "self_harm": 1}
MODERATION_MUTE_LADDER = [
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=24),
    timedelta(days=7),
]
MODERATION_MUTE_MEMORY = timedelta(days=30)
# A timeout nobody gave a length; the longest sanction that ends by itself.
MODERATION_TIMEOUT = timedelta(minutes=10)
MODERATION_LONGEST_SANCTION = timedelta(days=3653)
# What stopped messages and sanctions add to their author's moderation score, and when it counts half.
MODERATION_POINTS = {
    "stop": 1.0,
    "ban": 3.0,
    "warning": 2.0,
    "timeout": 3.0,
    "shadow_ban": 5.0,
    "device_ban": 10.0,
}
MODERATION_SCORE_HALF_LIFE = timedelta(days=7)
# How long a held message waits for a moderator, and what becomes of it then: `show` or `hide`.
MODERATION_HOLD_SECONDS: float = env.float("MODERATION_HOLD_SECONDS", default=300)
MODERATION_UNDECIDED_OUTCOME: str = env.str("MODERATION_UNDECIDED_OUTCOME", default="hide")
# The first message of an account this young is held when it has a link.
MODERATION_NEW_ACCOUNT = timedelta(hours=24)
# How long nobody else can decide what a moderator has claimed.
MODERATION_CLAIM_SECONDS: float = env.float("MODERATION_CLAIM_SECONDS", default=120)

# --- The second look --------------------------------------------------------------------------------

# Who is asked about messages that are published: `openai`, `perspective`, `webhook`, or nobody; where; with which key.
MODERATION_SECOND_LOOK_PROVIDER: str = env.str("MODERATION_SECOND_LOOK_PROVIDER", default="")
MODERATION_SECOND_LOOK_URL: str = env.str("MODERATION_SECOND_LOOK_URL", default="")
MODERATION_SECOND_LOOK_KEY: str = env.str("MODERATION_SECOND_LOOK_KEY", default="").strip()
# From which score of the look before publication on: 0 for every message. What is reported is always looked at.
MODERATION_SECOND_LOOK_FROM_SCORE: float = env.float("MODERATION_SECOND_LOOK_FROM_SCORE", default=0.2)
# How long one request may take; how often and how long a message is tried until its stream's fail mode decides.
MODERATION_SECOND_LOOK_SECONDS: float = env.float("MODERATION_SECOND_LOOK_SECONDS", default=0.5)
MODERATION_SECOND_LOOK_TRIES = 3
MODERATION_SECOND_LOOK_PATIENCE = timedelta(seconds=60)
# After so many requests in a row that fail, the provider is left alone for so long.
MODERATION_SECOND_LOOK_FAILURES = 5
MODERATION_SECOND_LOOK_PAUSE_SECONDS: float = env.float("MODERATION_SECOND_LOOK_PAUSE_SECONDS", default=30)
# How long it is kept that a message was looked at and let be.
MODERATION_LOOKS_KEPT = timedelta(days=30)

# --- Chat and streams -----------------------------------------------------------------------------

CHAT_MAX_CHARACTERS = 500
CHAT_MAX_MENTIONS = 10
CHAT_BATCH_MESSAGES = 256
CHAT_SNAPSHOT_MESSAGES = 50
# How long authors may take a message back; from this OG level on, at any time.
CHAT_UNSEND_SECONDS: float = env.float("CHAT_UNSEND_SECONDS", default=60)
CHAT_UNSEND_FROM_OG_LEVEL = 4
# From which OG level on viewers pin a message of their own, and for how long.
CHAT_PIN_FROM_OG_LEVEL = 3
CHAT_VIEWER_PIN_SECONDS: float = 300
CHAT_LOUNGE_FROM_OG_LEVEL = 4
CHAT_SPOTLIGHT_FROM_OG_LEVEL = 5
STREAM_SLOW_MODE_MAX_SECONDS = 120
# How long nobody may repeat what was said where messages are to be unique.
STREAM_UNIQUE_SECONDS: float = 600
# What a raised shield makes of the settings of a chat that are milder.
STREAM_SHIELD = {
    "slow_mode_seconds": 30,
    "og_only_level": 1,
    "emoji_only": True,
    "unique_messages": True,
    "chat_delay_seconds": 6,
    "links_allowed": False,
}

# The throne: what an empty one takes, unless the claimer's tier is this high; how much more a taken one
# takes, in percent of its holder's total; how long a reign lasts.
STREAM_THRONE_COINS = 1000
STREAM_THRONE_FREE_FROM_OG_LEVEL = 4
STREAM_THRONE_PERCENT_MORE = 10
STREAM_THRONE_SECONDS: float = env.float("STREAM_THRONE_SECONDS", default=24 * 3600)
# Battles: time to accept, to fight, and until the same two hosts may fight again.
STREAM_BATTLE_ANSWER_SECONDS: float = env.float("STREAM_BATTLE_ANSWER_SECONDS", default=60)
STREAM_BATTLE_SECONDS: float = env.float("STREAM_BATTLE_SECONDS", default=300)
STREAM_BATTLE_REMATCH_SECONDS: float = env.float("STREAM_BATTLE_REMATCH_SECONDS", default=60)
STREAM_BOOST_MAX_COINS = 1000
# What OG tiers may do in streams, from which level on.
STREAM_ANIMATED_REACTIONS = ("confetti", "fireworks", "rocket")
STREAM_ANIMATED_FROM_OG_LEVEL = 2
STREAM_EARLY_FROM_OG_LEVEL = 2
STREAM_EARLY_MAX_SECONDS = 600
# From which level on one may come in so: without a notice; and not counted either.
STREAM_ENTRY_FROM_OG_LEVEL = {"normal": 0, "stealth": 3, "ghost": 5}
# How long each boost works; how many of one kind may work and wait on one side.
STREAM_BOOST_SECONDS: dict[str, float] = {"special": 30, "defense": 10}
STREAM_BOOST_QUEUE = 3

# --- Coins, gifts and tiers -----------------------------------------------------------------------

# What the host gets of a gift, in percent, rounded down.
GIFT_HOST_PERCENT = 70
GIFT_MAX_QUANTITY = 100
GIFT_COMBO_SECONDS: float = env.float("GIFT_COMBO_SECONDS", default=5)
GIFT_BATCH = 128
# How long a process may act on what it read of the catalog.
GIFT_CATALOG_SECONDS: float = 1.0
# Keys a payment provider signs its top-ups with; more than one while they are changed. Without one, all are refused.
TOP_UP_KEYS: list[str] = env.list("TOP_UP_KEYS", default=[])
TOP_UP_WINDOW_SECONDS: float = 300
TOP_UP_MAX_COINS = 1_000_000
PAYOUT_MIN_COINS = 1000
# What a tier's days bring back of its price, in percent.
OG_BONUS_PERCENT = 60
# When coins move so strangely that a moderator looks: bought, and at least half of it wanted as money; passed
# round by accounts that share a device or network; given by a new account. For a while nobody is flagged again.
FRAUD_CASH_OUT_COINS = 5000
FRAUD_CASH_OUT_WITHIN = timedelta(days=1)
FRAUD_CIRCLE_COINS = 2000
FRAUD_CIRCLE_WITHIN = timedelta(days=7)
FRAUD_NEWCOMER_COINS = 20_000
FRAUD_NEWCOMER_WITHIN = timedelta(days=1)
FRAUD_NEWCOMER_AGE = timedelta(days=7)
FRAUD_QUIET = timedelta(days=30)

# --- Collaboration --------------------------------------------------------------------------------

COLLAB_SESSION_SECONDS: float = env.float("COLLAB_SESSION_SECONDS", default=24 * 3600)
COLLAB_INVITE_SECONDS: float = env.float("COLLAB_INVITE_SECONDS", default=7 * 24 * 3600)
COLLAB_MAX_UPDATE_BYTES = 256 * 1024
# Updates above this have a limit of their own, as reading them costs the more.
COLLAB_LARGE_UPDATE_BYTES = 8 * 1024
COLLAB_MAX_DOCUMENT_BYTES = 5 * 1024 * 1024
COLLAB_MAX_FIELDS = 200
COLLAB_MAX_COMMENTS = 1000
COLLAB_MAX_VERSIONS = 100
# Documents one user has written from in one session: each opening of a page is one, and each undo by the server.
COLLAB_MAX_WRITERS = 5000
COLLAB_MAX_POSITION_BYTES = 2048
COLLAB_BATCH_UPDATES = 128
# How many updates the log may have after the last snapshot before another is made.
COLLAB_SNAPSHOT_UPDATES = 500
# Changes of one user with no longer pause in between are taken back together.
COLLAB_UNDO_PAUSE_SECONDS: float = 0.7
# How long a process keeps a document nobody uses.
COLLAB_REPLICA_SECONDS: float = 60.0
