//! Time, as the protocol counts it.

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Millis {
    /// The moment in UTC as Python's `isoformat` writes it: `2023-11-14T22:13:20.123000+00:00`,
    /// without a fraction at full seconds.
    pub fn iso8601(self) -> String {
        const DAY: i64 = 86_400_000;
        let (year, month, day) = date(self.0.div_euclid(DAY));
        let time = self.0.rem_euclid(DAY);
        let (seconds, ms) = (time / 1000, time % 1000);
        let fraction = if ms == 0 { String::new() } else { format!(".{ms:03}000") };
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}+00:00",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

/// The date that is so many days after 1970-01-01, in the proleptic Gregorian calendar.
///
/// Counts from a 1 March, so that leap days come last; 400 years have 146,097 days.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (year, month, day) =
        (era * 400 + year, (month + 2) % 12 + 1, day - (153 * month + 2) / 5 + 1);
    (year + i64::from(month <= 2), month, day)
}

/// Where "now" comes from. The real one lives in the composition root; tests freeze theirs.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Millis;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_python_writes_them() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00+00:00"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123000+00:00"),
            (951_782_400_000, "2000-02-29T00:00:00+00:00"),
            (951_868_799_999, "2000-02-29T23:59:59.999000+00:00"),
            (4_107_542_400_000, "2100-03-01T00:00:00+00:00"),
            (-1, "1969-12-31T23:59:59.999000+00:00"),
        ] {
            assert_eq!(Millis(ms).iso8601(), text);
        }
    }
}
