//! Which processes to list, and the list for people.
//! What passes the filter is decided by the host.

use serde_json::Value;

use crate::cli::client::encoded;
use crate::cli::table::{Table, cell};

/// Which processes to list.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Wanted {
    /// Only those in this phase: running, compensating, completed, failed or cancelled.
    #[arg(long)]
    phase: Option<String>,
    /// Only those of this category (domestic-1.0) or name (domestic).
    #[arg(long)]
    category: Option<String>,
    /// Only those at this step.
    #[arg(long)]
    step: Option<String>,
    /// Only those with this tag.
    #[arg(long, value_name = "NAME:VALUE")]
    tag: Option<String>,
    /// Lists so many at most, 1000 at the most.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Goes on where the last list ended.
    #[arg(long)]
    cursor: Option<String>,
}

impl Wanted {
    pub(super) fn path(&self) -> String {
        let given =
            [("phase", &self.phase), ("category", &self.category), ("step", &self.step), ("tag", &self.tag), ("cursor", &self.cursor)];
        let given = given.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("&{name}={}", encoded(value))));
        format!("/processes?limit={}{}", self.limit, given.collect::<String>())
    }
}

pub(super) fn listed(page: &Value) -> String {
    let mut table = Table::new(&["ID", "CATEGORY", "PHASE", "STEP", "VERSION", "UPDATED"]);
    for process in page["items"].as_array().into_iter().flatten() {
        table.row(["id", "category", "phase", "step", "version", "updatedAt"].map(|field| cell(process, field)).to_vec());
    }
    let next = page["next"].as_str().map(|next| format!("\nthere is more: --cursor {next}\n"));
    format!("{}{}", table.lines(), next.unwrap_or_default())
}
