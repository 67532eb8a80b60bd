//! What can go wrong, each by itself.

use serde::{Deserialize, Serialize};

/// How often: by chance, in millionths, or every n-th time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rate {
    /// Millionths: 10,000 is one in a hundred.
    Ppm(u32),
    /// Every n-th time it could happen; 0 is never.
    Every {
        /// n.
        every: u32,
    },
}

impl Default for Rate {
    fn default() -> Self {
        Self::Ppm(0)
    }
}

impl Rate {
    /// Always.
    pub const ALWAYS: Self = Self::Ppm(1_000_000);

    pub(crate) fn is_off(self) -> bool {
        matches!(self, Self::Ppm(0) | Self::Every { every: 0 })
    }
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)* ; $($(#[$number_doc:meta])* $number:ident: $default:expr,)*) => {
        /// Every fault of the sandbox, all off to begin with. A JSON object sets those it names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Faults {
            $($(#[$doc])* pub $name: Rate,)*
            $($(#[$number_doc])* pub $number: u64,)*
        }

        impl Default for Faults {
            fn default() -> Self {
                Self { $($name: Rate::default(),)* $($number: $default,)* }
            }
        }

        impl Faults {
            /// Every fault that is left to chance, this often. Windows stay off.
            pub fn all(rate: Rate) -> Self {
                Self { $($name: rate,)* ..Self::default() }
            }
        }

        /// The name of a fault, under which its occasions are counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(non_camel_case_types, reason = "the names of the fields, so that nothing is named twice")]
        pub(crate) enum Fault {
            $($name,)*
        }

        impl Fault {
            pub(crate) fn rate(self, faults: &Faults) -> Rate {
                match self { $(Self::$name => faults.$name,)* }
            }
        }
    };
}

faults! {
    /// An order or a cancel is carried out, and its answer is lost.
    lost_answer,
    /// An order or a cancel never arrives.
    lost_request,
    /// An order or a cancel arrives `late_request_ms` later, unanswered.
    late_request,
    /// An answer takes `slow_answer_ms`.
    slow_answer,
    /// An order or a cancel is carried out and answered with 500.
    error_after,
    /// An order or a cancel is answered with 500 and not carried out.
    error_before,
    /// An order is refused, as if its market were not ready yet.
    not_ready,
    /// An order is refused, as if it were cancelled on the chain.
    cancelled_on_chain,
    /// An order that takes is answered with 500 about rounding, and not carried out.
    rounding_error,
    /// An order that takes is answered with 500 about its price, and not carried out.
    price_discrepancy,
    /// A read never arrives: lists, balances, books, prices, markets, the time, Gamma, the Data API.
    read_lost,
    /// A read is answered with 500 or 503.
    read_error,
    /// A read's answer takes `slow_answer_ms`: it is old by then.
    read_slow,
    /// A heartbeat never arrives.
    heartbeat_lost,
    /// A heartbeat counts, and its answer with the next id is lost.
    heartbeat_unanswered,
    /// A heartbeat is answered with 500 or 503, and does not count.
    heartbeat_error,
    /// A heartbeat counts, and its answer takes `slow_answer_ms`.
    heartbeat_slow,
    /// 429 as the front of the venue says it, without a limit's headers; nothing is carried out.
    too_many,
    /// An order waits `delayed_ms` before it is matched: its answer says `delayed`.
    delayed,
    /// An order is refused with "match delayed", and is matched `delayed_ms` later all the same.
    match_delayed,
    /// A delayed order is not to be seen until its delay is over: `/data/order/` does not know it, no list has it.
    hidden_while_delayed,
    /// A delayed order finds nobody when its delay is over: UNMATCHED. One that may rest is matched `delayed_ms` later
    /// after all; others end so.
    unmatched,
    /// `/data/order/` says `null` of an order that it does not know, where it otherwise answers 404.
    null_order,
    /// `/data/order/` does not know an order that is over.
    forgotten_order,
    /// `/data/trades` lists a trade only `late_trade_list_ms` after it happened, though its orders are matched already.
    late_trade_list,
    /// A trade is tried again on its way: RETRYING.
    retrying,
    /// A trade fails: FAILED, and what it moved is moved back.
    failed,
    /// A matched order's answer has no transaction hashes yet.
    late_hash,
    /// A user event is sent twice.
    duplicate_event,
    /// A user event is overtaken by those after it: it is sent `late_event_ms` later.
    late_event,
    /// A user event is not sent.
    lost_event,
    /// A market socket says nothing more, but still answers PING.
    silent_socket,
    /// A user socket says nothing more, but still answers PING.
    silent_user_socket,
    /// The venue closes a market socket, at a subscription or instead of what it had to say.
    socket_closed,
    /// The venue closes a user socket, likewise.
    user_socket_closed,
    /// A change of the book is not sent.
    lost_change,
    ;
    /// How late late requests are, milliseconds.
    late_request_ms: 3_000,
    /// How slow slow answers are, milliseconds.
    slow_answer_ms: 1_500,
    /// How long delayed orders wait, milliseconds.
    delayed_ms: 3_000,
    /// How late trades are listed that are listed late, milliseconds.
    late_trade_list_ms: 4_000,
    /// How late late events are, milliseconds.
    late_event_ms: 2_000,
    /// Every so many seconds the matching engine restarts and answers 425; 0 is never.
    restart_every_s: 0,
    /// For so many seconds.
    restart_for_s: 90,
    /// After a restart, only post-only orders for so many seconds.
    post_only_for_s: 120,
    /// Every so many seconds only cancels are taken; 0 is never.
    cancel_only_every_s: 0,
    /// For so many seconds.
    cancel_only_for_s: 60,
    /// Every so many seconds trading is disabled; 0 is never.
    disabled_every_s: 0,
    /// For so many seconds.
    disabled_for_s: 60,
}
