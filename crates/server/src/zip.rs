//! The format of ZIP archives, as far as writing one front to back needs it: files are stored as they are, and their
//! sums follow them, so that nothing has to be known in advance but names and sizes. Sizes and places beyond 4 GiB, and
//! more than 65,534 files, use the 64-bit forms.

use std::time::{SystemTime, UNIX_EPOCH};

/// What a 32-bit field holds when the real value stands in a 64-bit one.
const ELSEWHERE: u32 = u32::MAX;
/// Sums follow the data (bit 3), names are UTF-8 (bit 11).
const FLAGS: u16 = 0x0808;
/// The version of the format that knows 64-bit sizes.
const VERSION: u16 = 45;
/// "Made by" a Unix, so that the mode of files is understood.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// A plain file that its owner may write and everybody read.
const MODE: u32 = 0o100_644 << 16;

/// A file of an archive, before its data.
#[derive(Debug)]
pub struct Entry {
    /// Path in the archive, with `/` between its parts.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// When the file last changed, if that is known.
    pub modified: Option<SystemTime>,
}

/// An archive that is being written: remembers what its directory at the end will say.
#[derive(Debug, Default)]
pub struct ZipWriter {
    /// Bytes that were written so far.
    at: u64,
    directory: Vec<u8>,
    count: u64,
}

impl ZipWriter {
    /// What stands before the data of a file.
    pub fn head(&mut self, entry: &Entry) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + entry.name.len());
        let large = is_large(entry.size);
        put32(&mut out, 0x0403_4b50);
        put16(&mut out, VERSION);
        common(&mut out, entry);
        // Sum and sizes follow the data.
        put32(&mut out, 0);
        put32(&mut out, if large { ELSEWHERE } else { 0 });
        put32(&mut out, if large { ELSEWHERE } else { 0 });
        put16(&mut out, name_len(entry));
        put16(&mut out, if large { 20 } else { 0 });
        out.extend_from_slice(entry.name.as_bytes());
        if large {
            // Says that the sizes behind the data have 64 bits.
            put16(&mut out, 1);
            put16(&mut out, 16);
            put64(&mut out, 0);
            put64(&mut out, 0);
        }
        out
    }

    /// What stands behind the data of a file. `head` is what [`ZipWriter::head`] gave for it, `sum` its CRC-32.
    pub fn tail(&mut self, entry: &Entry, head: &[u8], sum: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(24);
        put32(&mut out, 0x0807_4b50);
        put32(&mut out, sum);
        for _ in 0..2 {
            if is_large(entry.size) {
                put64(&mut out, entry.size);
            } else {
                put32(&mut out, low(entry.size));
            }
        }
        self.list(entry, sum);
        self.at += head.len() as u64 + entry.size + out.len() as u64;
        out
    }

    /// Adds a file to the directory; it begins where everything before it ended.
    fn list(&mut self, entry: &Entry, sum: u32) {
        let mut extra = Vec::new();
        if is_large(entry.size) {
            put64(&mut extra, entry.size);
            put64(&mut extra, entry.size);
        }
        if is_large(self.at) {
            put64(&mut extra, self.at);
        }
        let out = &mut self.directory;
        put32(out, 0x0201_4b50);
        put16(out, MADE_BY);
        put16(out, VERSION);
        common(out, entry);
        put32(out, sum);
        put32(out, low(entry.size));
        put32(out, low(entry.size));
        put16(out, name_len(entry));
        put16(out, if extra.is_empty() { 0 } else { extra.len() as u16 + 4 });
        put16(out, 0); // No comment,
        put16(out, 0); // on the first disk,
        put16(out, 0); // of unknown kind.
        put32(out, MODE);
        put32(out, low(self.at));
        out.extend_from_slice(entry.name.as_bytes());
        if !extra.is_empty() {
            put16(out, 1);
            put16(out, extra.len() as u16);
            out.extend_from_slice(&extra);
        }
        self.count += 1;
    }

    /// The directory, which ends the archive.
    pub fn end(self) -> Vec<u8> {
        let (start, size, count) = (self.at, self.directory.len() as u64, self.count);
        let mut out = self.directory;
        if is_large(start) || is_large(size) || count >= u64::from(u16::MAX) {
            put32(&mut out, 0x0606_4b50);
            put64(&mut out, 44);
            put16(&mut out, MADE_BY);
            put16(&mut out, VERSION);
            put32(&mut out, 0);
            put32(&mut out, 0);
            put64(&mut out, count);
            put64(&mut out, count);
            put64(&mut out, size);
            put64(&mut out, start);
            put32(&mut out, 0x0706_4b50);
            put32(&mut out, 0);
            put64(&mut out, start + size);
            put32(&mut out, 1);
        }
        let few = u16::try_from(count).unwrap_or(u16::MAX);
        put32(&mut out, 0x0605_4b50);
        put16(&mut out, 0);
        put16(&mut out, 0);
        put16(&mut out, few);
        put16(&mut out, few);
        put32(&mut out, low(size));
        put32(&mut out, low(start));
        put16(&mut out, 0);
        out
    }
}

/// Fields that stand alike before a file and in the directory: flags, no compression, and the time.
fn common(out: &mut Vec<u8>, entry: &Entry) {
    let (date, time) = dos_time(entry.modified);
    put16(out, FLAGS);
    put16(out, 0);
    put16(out, time);
    put16(out, date);
}

fn name_len(entry: &Entry) -> u16 {
    // Paths of artifacts have at most 4096 bytes.
    u16::try_from(entry.name.len()).unwrap_or(u16::MAX)
}

fn is_large(size: u64) -> bool {
    size >= u64::from(ELSEWHERE)
}

/// The value, or that it stands elsewhere.
fn low(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(ELSEWHERE)
}

/// Date and time (UTC) as in MS-DOS: whole years since 1980, seconds by twos.
fn dos_time(time: Option<SystemTime>) -> (u16, u16) {
    let seconds = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|d| d.as_secs());
    let seconds = seconds.unwrap_or(0);
    let (year, month, day) = civil(seconds / 86_400);
    if !(1980..2108).contains(&year) {
        return (1 << 5 | 1, 0);
    }
    let second = seconds % 86_400;
    let date = (year - 1980) << 9 | month << 5 | day;
    let time = ((second / 3600) << 11) | ((second / 60 % 60) << 5) | (second % 60 / 2);
    (date as u16, time as u16)
}

/// Year, month and day of a day since 1970, by the rules of the Gregorian calendar. Years begin in March here, so that
/// leap days come last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_have_dates() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (20_778, (2026, 11, 21)),
            (20_818, (2026, 12, 31)),
        ] {
            assert_eq!(civil(days), expected, "{days}");
        }
    }

    #[test]
    fn times_before_1980_become_its_first_day() {
        assert_eq!(dos_time(None), (33, 0));
        assert_eq!(dos_time(Some(UNIX_EPOCH)), (33, 0));
        let time = UNIX_EPOCH + Duration::from_secs(20_778 * 86_400 + 16 * 3600 + 17 * 60 + 50);
        assert_eq!(dos_time(Some(time)), (46 << 9 | 11 << 5 | 21, 16 << 11 | 17 << 5 | 25));
    }

    #[test]
    fn large_files_have_their_sizes_in_64_bits() {
        let mut writer = ZipWriter::default();
        let large = Entry { name: "a".to_owned(), size: 5 << 30, modified: None };
        let small = Entry { name: "b".to_owned(), size: 1, modified: None };
        for entry in [&large, &small] {
            let head = writer.head(entry);
            let tail = writer.tail(entry, &head, 7);
            assert_eq!(tail.len(), if entry.size == 1 { 16 } else { 24 });
        }
        let end = writer.end();
        // The second file begins beyond 4 GiB, and so does the directory: both places have 64 bits.
        assert!(end.windows(4).any(|four| four == 0x0606_4b50u32.to_le_bytes()));
        let place = (30 + 1 + 20 + (5u64 << 30) + 24).to_le_bytes();
        assert!(end.windows(8).any(|eight| eight == place));
    }
}
