//! A host inside a program: start it, trigger a shipment, wait for its end, ask about it, stop.
//! Run it with the folder of the built guests: `cargo run --example embed -- guest-processes/dist`.

use std::time::Duration;

use procession::Host;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let definitions = std::env::args().nth(1).unwrap_or_else(|| "guest-processes/dist".to_owned());
    let host = Host::builder().in_memory().definitions(definitions).setting("carrier-stub", "delayMs", 0).start().await?;

    host.trigger("12EEQ9CS9K10").await?;
    let shipment = host.wait("12EEQ9CS9K10", Duration::from_secs(10)).await?;
    println!("{:?}", shipment.root().map(|stream| stream.view.phase));
    println!("{:?}", host.outcome("12EEQ9CS9K10").await?);
    for event in host.history("12EEQ9CS9K10").await? {
        println!("{} {} {}", event.stream, event.version, event.event.kind);
    }

    host.stop().await;
    Ok(())
}
