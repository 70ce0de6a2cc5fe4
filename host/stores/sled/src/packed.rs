//! Bodies that take less room: LZ4 where it pays.
//! Which bodies are packed stands in their frames, and is the matter of `codec`.
//!
//! An entry tells the same ids, kinds and keys of JSON over and over: packed it takes a third of its bytes, and hardly ever needs pieces.
//! sled writes its log several times over, so each byte that is saved is saved more than once.
//! Slower methods were measured on entries of the example and gain a twentieth more.

/// Shorter bodies seldom get smaller, and are the many that are read at every step.
const BYTES_MIN: usize = 256;
/// No LZ4 block unpacks to more times its length.
const TIMES_MAX: usize = 255;
/// The length before it was packed, in front.
const LENGTH_BYTES: usize = 4;

/// A body in fewer bytes; none where that would not save an eighth.
pub(crate) fn pack(body: &[u8]) -> Option<Vec<u8>> {
    let fits = (BYTES_MIN..u32::MAX as usize).contains(&body.len());
    let packed = fits.then(|| lz4_flex::block::compress_prepend_size(body))?;
    (packed.len() <= body.len() - body.len() / 8).then_some(packed)
}

/// The body that was packed, or why these bytes are none.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    let (length, block) = packed.split_first_chunk::<LENGTH_BYTES>().ok_or("it is cut off")?;
    let length = u32::from_le_bytes(*length) as usize;
    // What a length says is not believed before there can be so much.
    if length > block.len().saturating_mul(TIMES_MAX) {
        return Err(format!("{} bytes cannot be {length}", block.len()));
    }
    let body = lz4_flex::block::decompress(block, length).map_err(|why| why.to_string())?;
    if body.len() == length { Ok(body) } else { Err(format!("it holds {} bytes and not {length}", body.len())) }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MIN, pack, unpack};

    #[test]
    fn what_repeats_itself_is_packed_and_comes_back() {
        let body = br#"{"shipmentId":"1A0","processCategory":"domestic-1.0"}"#.repeat(20);
        let packed = pack(&body).expect("it repeats itself");
        assert!(packed.len() < body.len() / 4, "{}", packed.len());
        assert_eq!(unpack(&packed), Ok(body));
    }

    #[test]
    fn what_is_short_or_does_not_repeat_itself_stays_as_it_is() {
        assert_eq!(pack(&[7; BYTES_MIN - 1]), None);
        let mut state = 1_u64;
        let noise: Vec<u8> = (0..4_096)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        assert_eq!(pack(&noise), None);
    }

    #[test]
    fn bytes_that_are_no_packed_body_are_refused_and_take_no_memory() {
        for wrong in [&[][..], &[1, 2, 3], &[255, 255, 255, 255, 0], &[16, 0, 0, 0, 0xF0, 1], &[3, 0, 0, 0, 0x10, 1]] {
            assert!(unpack(wrong).is_err(), "{wrong:?}");
        }
    }
}
