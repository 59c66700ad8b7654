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

    /// Reads a moment as protobuf and Python write it: `2023-11-14T22:13:20.123Z`, or with an offset
    /// in place of the `Z`; without one, it is in UTC.
    pub fn from_iso8601(text: &str) -> Option<Millis> {
        let (date, time) = text.split_once(['T', ' '])?;
        let mut parts = date.splitn(3, '-').map(|part| part.parse::<u16>().ok().map(i64::from));
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let (time, offset) = match time.strip_suffix('Z') {
            Some(time) => (time, 0),
            None => match time.rfind(['+', '-']) {
                Some(at) => {
                    let offset = clock(&time[at + 1..])?;
                    (&time[..at], if time[at..].starts_with('-') { -offset } else { offset })
                }
                None => (time, 0),
            },
        };
        let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
        is_date.then_some(Millis(days(year, month, day) * 86_400_000 + clock(time)? - offset))
    }
}

/// The number of days from 1970-01-01 to a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + 365 * year + year / 4 - year / 100 + day - 719_468
}

/// A time of the day or an offset, `12:30:05.25` or `02:00`, in milliseconds.
fn clock(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let mut seconds = 0;
    for unit in [3600, 60, 1] {
        let part = match parts.next() {
            Some(part) => part.parse::<u8>().ok()?,
            None if unit == 1 => 0,
            None => return None,
        };
        seconds += i64::from(part) * unit;
    }
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let ms: i64 = digits.parse().ok()?;
    parts.next().is_none().then_some(seconds * 1000 + ms)
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
            assert_eq!(Millis::from_iso8601(text), Some(Millis(ms)));
        }
    }

    #[test]
    fn moments_are_read_as_clients_write_them() {
        for (text, ms) in [
            ("2023-11-14T22:13:20.123Z", Some(1_700_000_000_123)),
            ("2023-11-14T22:13:20Z", Some(1_700_000_000_000)),
            ("2023-11-14 22:13:20", Some(1_700_000_000_000)),
            ("2023-11-14T23:13:20.1234567+01:00", Some(1_700_000_000_123)),
            ("2023-11-14T17:13:20-05:00", Some(1_700_000_000_000)),
            ("", None),
            ("2023-11-14", None),
            ("2023-13-14T22:13:20Z", None),
            ("2023-11-14T22Z", None),
            ("yesterday T noon", None),
            ("2023-11-14T22:13:20.xZ", None),
        ] {
            assert_eq!(Millis::from_iso8601(text), ms.map(Millis), "{text}");
        }
    }
}
