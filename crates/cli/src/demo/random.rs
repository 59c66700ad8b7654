//! Numbers that look random and are the same every time.

/// A generator (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to just below 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what a float holds.
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Around 0, normally spread (Box-Muller).
    pub fn normal(&mut self, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        deviation * radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    pub fn choose<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let at = (self.unit() * items.len() as f64) as usize;
        items.get(at).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_as_they_should_be() {
        let mut random = Random::new(7);
        let values: Vec<f64> = (0..10_000).map(|_| random.normal(2.0)).collect();
        let mean = values.iter().sum::<f64>() / 10_000.0;
        let spread = (values.iter().map(|v| v * v).sum::<f64>() / 10_000.0).sqrt();
        assert!(mean.abs() < 0.1 && (spread - 2.0).abs() < 0.1, "{mean} {spread}");
        let chosen: Vec<&str> = (0..100).map(|_| random.choose(&["a", "b"])).collect();
        assert!(chosen.contains(&"a") && chosen.contains(&"b"));
    }
}
