//! Recordings cut off at any byte, compressed or not: what was whole is delivered, the rest is told, nothing panics.

use super::reading::{MARKETS, QUOTES, Read, STREAM, TICKS, TOKENS, read, text};
use schemas::event::MarketEvent;
use std::io::Write;
use venues::recording::{Format, ImportError, Input, Problem};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// One small recording of each format: the file that is cut, and its companions.
fn samples() -> Vec<(Format, String, Vec<Input>)> {
    let row = |i: u32| format!("{i},{},{},price_change,BUY,0.{},5.5,0.{},0.9\n", 1_000 + i, i % 2, 10 + i, 10 + i);
    let ticks: String = (0..12).map(row).collect();
    let quotes: String = (0..12).map(|i| format!("{i},{},3,0.1,0.{}\n", 1_000 + i * 500_000, 20 + i)).collect();
    let stream: String = (0..12).map(|i| format!("{},{},D,B,{},{}\n", 10 + i, i % 3, 40 + i, 100 * i)).collect();
    let line = |i: u32| {
        let quote = format!("\"u\":{i},\"s\":\"ABC\",\"b\":\"1.{i}\",\"B\":\"2\",\"a\":\"3\",\"A\":\"4\"");
        format!("{} {{\"stream\":\"s\",\"data\":{{{quote}}}}}\n", 100 + i)
    };
    let markets = format!("{MARKETS}3,s-3,e,q,sports,9,,1970-01-01T01:31:41Z\n");
    vec![
        (Format::PolymarketL2, format!("{TICKS}{ticks}"), vec![text("tokens", TOKENS)]),
        (
            Format::PolymarketTob,
            format!("{QUOTES}{quotes}"),
            vec![text("markets", &markets), text("ends", "market,slug,resolved_yes\n3,s-3,1\n")],
        ),
        (Format::L2Csv, format!("{STREAM}{stream}"), vec![]),
        (Format::BinanceFutures, (0..12).map(line).collect(), vec![]),
    ]
}

fn read_cut(format: Format, bytes: &[u8], others: &[Input]) -> Result<Read, ImportError> {
    let mut inputs = vec![Input::bytes("cut", bytes.to_vec())];
    inputs.extend(others.iter().cloned());
    read(format, inputs)
}

/// What the rows say, without what the recording's end adds.
fn rows(read: &Read) -> Vec<&MarketEvent> {
    let row = |e: &&MarketEvent| matches!(e, MarketEvent::BookDelta(_) | MarketEvent::Quote(_) | MarketEvent::Trade(_));
    read.said().into_iter().filter(row).collect()
}

#[test]
fn plain_text_at_every_byte() {
    for (format, whole, others) in samples() {
        let all = read_cut(format, whole.as_bytes(), &others).unwrap();
        assert_eq!(all.problems, []);
        for cut in 0..whole.len() {
            let Ok(part) = read_cut(format, &whole.as_bytes()[..cut], &others) else { continue };
            // Whole lines are delivered as ever. A last line without its end may still be a row, if it reads as one.
            let lines = whole[..cut].matches('\n').count();
            let header = usize::from(format != Format::BinanceFutures);
            let complete = lines.saturating_sub(header);
            let said = rows(&part);
            assert!(said.len() == complete || said.len() == complete + 1, "{format} cut at {cut}");
            assert_eq!(said[..complete], rows(&all)[..complete], "{format} cut at {cut}");
            assert!(part.problems.len() <= 1, "{format} cut at {cut}: {:?}", part.problems);
        }
    }
}

#[test]
fn compressed_at_every_byte() {
    for (format, whole, others) in samples() {
        for (packed, packing) in [(gzip(whole.as_bytes()), "gzip"), (zst(whole.as_bytes()), "zstd")] {
            let all = read_cut(format, &packed, &others).unwrap();
            assert_eq!((all.problems.len(), rows(&all).len()), (0, 12), "{format} {packing}");
            for cut in 0..packed.len() {
                let Ok(part) = read_cut(format, &packed[..cut], &others) else { continue };
                let said = rows(&part);
                assert_eq!(said[..], rows(&all)[..said.len()], "{format} {packing} cut at {cut}");
                assert!(matches!(part.problems[..], [Problem::Broken { .. }]), "{format} {packing} cut at {cut}");
            }
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    for (format, whole, others) in samples() {
        for bytes in [whole.clone().into_bytes(), gzip(whole.as_bytes()), zst(whole.as_bytes())] {
            for at in 0..bytes.len() {
                for flip in [0x01, 0x80, 0xff] {
                    let mut bad = bytes.clone();
                    bad[at] ^= flip;
                    let _ = read_cut(format, &bad, &others);
                }
            }
        }
    }
}

/// Rows that were whole before the cut all come, then the break is told, then the books are put in doubt.
#[test]
fn a_long_cut_recording_keeps_all_before_the_break() {
    let mut whole = STREAM.to_owned();
    for i in 0..200_000_u64 {
        whole += &format!("{},{},D,B,{},{}\n", 10 + i * 7, i % 20, 1 + i * 31 % 99, i * 7919 % 100_000);
    }
    let all = read_cut(Format::L2Csv, whole.as_bytes(), &[]).unwrap();
    for packed in [zst(whole.as_bytes()), gzip(whole.as_bytes())] {
        let part = read_cut(Format::L2Csv, &packed[..packed.len() * 2 / 3], &[]).unwrap();
        let said = rows(&part);
        assert!(said.len() > 50_000 && said.len() < 150_000, "{}", said.len());
        assert_eq!(said[..], rows(&all)[..said.len()]);
        let [Problem::Broken { file, line, .. }] = &part.problems[..] else { panic!("{:?}", part.problems) };
        assert_eq!((file.as_str(), *line), ("cut", said.len() as u64 + 2));
        assert!(matches!(part.said().last(), Some(MarketEvent::FeedGap { lost: 0, .. })));
        assert_eq!(part.report.broken_files, 1);
    }
}

#[test]
fn one_broken_file_does_not_stop_the_others() {
    let (format, whole, _) = samples().remove(3);
    let packed = zst(whole.repeat(40_000).as_bytes());
    let other = text("other", &whole.replace("ABC", "XYZ"));
    let read = read(format, vec![Input::bytes("cut", packed[..packed.len() / 2].to_vec()), other]).unwrap();
    assert!(matches!(&read.problems[..], [Problem::Broken { file, .. }] if file == "cut"), "{:?}", read.problems.len());
    assert_eq!(read.report.markets, 2);
}

/// Concatenated members are one file, as `cat a.zst b.zst` makes them.
#[test]
fn several_compressed_parts_are_one_text() {
    let (format, whole, _) = samples().remove(2);
    let (head, tail) = whole.split_at(whole.len() / 2);
    let all = read_cut(format, whole.as_bytes(), &[]).unwrap();
    for parts in [[gzip(head.as_bytes()), gzip(tail.as_bytes())], [zst(head.as_bytes()), zst(tail.as_bytes())]] {
        assert_eq!(read_cut(format, &parts.concat(), &[]).unwrap().events, all.events);
    }
}
