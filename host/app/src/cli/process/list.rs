//! Which processes to list, and the list for people.
//! What passes the filter is decided by the host.

use serde_json::Value;

use crate::cli::client::{Access, Client, Question, Whom, encoded};
use crate::cli::failure::Failure;
use crate::cli::table::{Table, cell, print, print_json};

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
    /// Only those that have not ended and that nothing will move; the exit code is 5 if there are any.
    #[arg(long)]
    stuck: bool,
    /// Lists so many at most, 1000 at the most.
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Goes on where the last list ended.
    #[arg(long)]
    cursor: Option<String>,
}

impl Wanted {
    fn path(&self, limit: usize, cursor: Option<&str>) -> String {
        let given = [("phase", &self.phase), ("category", &self.category), ("step", &self.step), ("tag", &self.tag)];
        let given = given.into_iter().filter_map(|(name, value)| value.as_deref().map(|value| (name, value)));
        let given = given.chain(self.stuck.then_some(("stuck", "true"))).chain(cursor.map(|cursor| ("cursor", cursor)));
        let given = given.map(|(name, value)| format!("&{name}={}", encoded(value)));
        format!("/processes?limit={limit}{}", given.collect::<String>())
    }
}

pub(super) async fn list(wanted: &Wanted, whom: &Whom) -> Result<(), Failure> {
    let client = Client::of(whom, Access::Read).await?;
    let page = page(&client, wanted).await;
    client.close().await;
    let page = page?;
    if whom.json {
        print_json(&page)
    } else {
        print(&listed(&page))
    }
    match page["items"].as_array().map_or(0, Vec::len) {
        found if wanted.stuck && found > 0 => Err(Failure::Found(format!("nothing will move these by itself: {found} stuck"))),
        _ => Ok(()),
    }
}

/// A page. One of stuck processes may be short although there are more, so that it is asked for again until it is full or there are none.
async fn page(client: &Client, wanted: &Wanted) -> Result<Value, Failure> {
    let mut page = client.ask(Question::get(wanted.path(wanted.limit, wanted.cursor.as_deref()))).await?;
    let mut items = page["items"].as_array().cloned().unwrap_or_default();
    while wanted.stuck
        && items.len() < wanted.limit
        && let Some(next) = page["next"].as_str().map(str::to_owned)
    {
        page = client.ask(Question::get(wanted.path(wanted.limit - items.len(), Some(&next)))).await?;
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
    }
    page["items"] = items.into();
    Ok(page)
}

fn listed(page: &Value) -> String {
    let mut table = Table::new(&["ID", "CATEGORY", "PHASE", "STEP", "VERSION", "UPDATED"]);
    for process in page["items"].as_array().into_iter().flatten() {
        table.row(["id", "category", "phase", "step", "version", "updatedAt"].map(|field| cell(process, field)).to_vec());
    }
    let next = page["next"].as_str().map(|next| format!("\nthere is more: --cursor {next}\n"));
    format!("{}{}", table.lines(), next.unwrap_or_default())
}
