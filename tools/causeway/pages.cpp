#include "tools/causeway/pages.hpp"

#include "plugin/admin/explain.hpp"
#include "plugin/admin/rows.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <string_view>

namespace causeway::tools {

namespace json = matrix::json;

const column_names room_columns = {"room_id", "chat_room_id", "type", "phase", "events", "staged", "waits_for"};
const column_names server_columns = {"server_name", "state",       "queued",      "oldest_waiting_ts",
                                     "failures",    "invitations", "retry_at_ts", "last_fault"};
const column_names invite_columns = {"user_id",  "room_id",     "direction",   "state",     "since_ts",
                                     "attempts", "retry_at_ts", "deadline_ts", "last_fault"};
const column_names actor_columns = {"kind",    "key",      "phase",    "mailbox",   "oldest_waiting_ts",
                                    "handled", "failures", "since_ts", "last_fault"};
const column_names dead_letter_columns = {"id", "event", "room_id", "event_id", "refused_ts", "reason"};

namespace {

const column_names member_columns = {"user_id", "membership", "display_name", "by", "since_ts"};
const column_names event_columns = {"event_id", "type", "sender", "depth", "written_ts"};

/// One answer, written down part by part.
class page {
public:
  page(const json::object& body, std::int64_t now_ms) : whole_(body), now_ms_(now_ms) {}

  page& table_of(std::string_view member, std::string_view title, const column_names& columns) {
    if (const auto* rows = whole_.find_array(member); rows && !rows->empty())
      text_ += "\n" + std::string{title} + "\n" + table(*rows, columns, now_ms_);
    return *this;
  }

  /// That the list above is not whole. @param total  member with how many there are
  /// @param how  to see them; empty: the list is never longer
  page& more_of(std::string_view member, std::string_view total, std::string_view how = "; see --limit") {
    const auto* all = whole_.find_integer(total);
    return all ? more_than_shown(member, *all, how) : *this;
  }

  /// Of the list `queue`, which the row of the server counts.
  page& more_queued() {
    const auto* server = whole_.find_object("server");
    const auto* queued = server ? server->find("queued") : nullptr;
    const auto* all = queued ? queued->as_integer() : nullptr;
    return all ? more_than_shown("queue", *all, "") : *this;
  }

  /// Events and ephemeral items apart, each with how old the oldest is; nothing in an archive that does not tell it.
  page& queues() {
    const auto* server = whole_.find_object("server");
    const auto* ephemeral = whole_.find_object("ephemeral");
    if (!server || !ephemeral) return *this;
    text_ += "\nTo be sent to it\n";
    text_ += "  Events: " + waiting(json::value{*server}, "oldest_waiting_ts") + "\n";
    text_ += "  Ephemeral items (typing, receipts, presence): " + waiting(json::value{*ephemeral}, "oldest_ts") + "\n";
    return *this;
  }

  /// @param nothing  what is said where nothing waits
  page& waits(std::string_view nothing = "Nothing waits.") {
    const auto* list = whole_.find_array("waits_for");
    if (!list) return *this;
    text_ += "\nWhat waits, and for what\n";
    if (list->empty()) text_ += "  " + std::string{nothing} + "\n";
    for (const auto& x : *list)
      if (const auto* sentence = x.as_string()) text_ += "  " + printable(*sentence) + "\n";
    return *this;
  }

  /// Nothing where nobody has looked for it: in an archive.
  page& actor() {
    if (whole_.find("actor") == nullptr) return *this;
    const auto* found = whole_.find_object("actor");
    text_ += "\nActor\n";
    if (!found) text_ += "  not in memory\n";
    else {
      column_names shown;
      for (const auto& x : *found) {
        const bool is_table = (x.key == "last_errors" && whole_.find("errors") != nullptr) ||
                              (x.key == "returned_errors" && whole_.find("returned") != nullptr);
        if (!is_table) shown.push_back(x.key);
      }
      text_ += sheet(*found, shown, now_ms_);
    }
    return *this;
  }

  /// An empty list says nothing of the time before the actor was loaded.
  page& errors_that_are_kept() {
    if (whole_.find("errors") == nullptr || whole_.find("actor") == nullptr) return *this; // of an archive's row
    const auto is_empty = [&](std::string_view member) {
      const auto* list = whole_.find_array(member);
      return !list || list->empty();
    };
    if (!whole_.find_object("actor"))
      text_ += "\nErrors, its own and those we answered to it, are kept in memory while its actor is. It is not: of\n"
               "those before the log tells, and the row above the last that stopped our queue.\n";
    else if (is_empty("errors") && is_empty("returned"))
      text_ += "\nNo error of its own, and none that we answered to it, since its actor was loaded.\n";
    return *this;
  }

  template <class Row>
  page& sheet_of(std::string_view member, std::string_view title = {}) {
    const auto* row = whole_.find_object(member);
    if (!row) return *this;
    text_ += title;
    auto shown = names_of(admin::columns<Row>());
    std::erase(shown, "waits_for"); // printed in full by `waits`
    text_ += sheet(*row, shown, now_ms_);
    return *this;
  }

  const json::value& whole() const { return whole_; }
  std::string text() const { return text_; }

private:
  page& more_than_shown(std::string_view member, std::int64_t total, std::string_view how) {
    const auto* rows = whole_.find_array(member);
    const auto hidden = rows ? total - static_cast<std::int64_t>(rows->size()) : 0;
    if (hidden > 0) text_ += "... " + std::to_string(hidden) + " more" + std::string{how} + "\n";
    return *this;
  }

  /// "7, the oldest for 90 s"
  std::string waiting(const json::value& of, std::string_view oldest) const {
    const auto* count = of.find_integer("queued");
    const auto* since = of.find_integer(oldest);
    if (!count || *count == 0) return "none";
    return std::to_string(*count) +
           (since && *since > 0 ? ", the oldest for " + admin::human_duration(now_ms_ - *since) : "");
  }

  json::value whole_;
  std::int64_t now_ms_;
  std::string text_;
};

} // namespace

std::string room_page(const json::object& body, std::int64_t now_ms) {
  return page{body, now_ms}
    .sheet_of<admin::room_row>("room")
    .waits("Nothing waits here. What a chat server has not acknowledged: `causeway streams`; one message that is late: "
           "`causeway why EVENT`.")
    .more_of("waits_for", "waits_for_total")
    .table_of("members", "Members", member_columns)
    .more_of("members", "members_total")
    .table_of("servers", "Servers", server_columns)
    .more_of("servers", "servers_total")
    .table_of("invitations", "Invitations", invite_columns)
    .more_of("invitations", "invitations_total")
    .table_of("extremities", "Head of the event graph", event_columns)
    .table_of("staged", "Received, and waiting", {"event_id", "origin", "received_ts", "waits_for"})
    .more_of("staged", "staged_total", "")
    .actor()
    .text();
}

std::string server_page(const json::object& body, std::int64_t now_ms) {
  return page{body, now_ms}
    .sheet_of<admin::server_row>("server")
    .waits()
    .queues()
    .table_of("queue", "Queue of events, oldest first", {"event_id", "room_id", "type", "sender", "written_ts"})
    .more_queued()
    .table_of("rooms", "Rooms shared with it", {"room_id", "chat_room_id"})
    .more_of("rooms", "rooms_total", "")
    .table_of("errors", "Last errors since its actor was loaded (kept in memory, ten at most)", {"ts", "phase", "text"})
    .table_of("returned", "Errors we answered to it since its actor was loaded (kept in memory, ten at most)",
              {"ts", "phase", "text"})
    .errors_that_are_kept()
    .table_of("staged", "Received from it, and waiting", {"event_id", "room_id", "received_ts", "waits_for"})
    .more_of("staged", "staged_total", "")
    .table_of("refused", "Refused by the server and not sent any more, latest first",
              {"event_id", "room_id", "type", "reason", "refused_ts"})
    .table_of("invitations", "Open invitations", invite_columns)
    .table_of("keys", "Verify keys", {"key_id", "public_key", "old", "valid_until_ts"})
    .actor()
    .text();
}

std::string invite_page(const json::object& body, std::int64_t now_ms) {
  return page{body, now_ms}
    .sheet_of<admin::invite_row>("invitation")
    .waits()
    .sheet_of<admin::server_row>("server", "\nServer of the other side\n")
    .actor()
    .text();
}

namespace {

std::int64_t number_of(const json::object& body, std::string_view member) {
  const auto* found = body.find(member);
  const auto* number = found ? found->as_integer() : nullptr;
  return number ? *number : 0;
}

std::string servers_asked(std::int64_t n) {
  return std::to_string(n) + (n == 1 ? " server of the room was asked" : " servers of the room were asked");
}

/// That we lack something, whatever the others say of what they have.
std::string what_is_staged(const json::object& body) {
  const auto n = number_of(body, "staged");
  if (n == 0) return {};
  return "\n" + std::to_string(n) + (n == 1 ? " received event waits" : " received events wait") +
         " here for what we lack: `causeway room show '" + printable(text_of(body, "room_id")) + "'` tells for what.\n";
}

} // namespace

std::string comparison_page(const json::object& body, std::int64_t now_ms) {
  const json::value whole{body};
  const auto size_of = [&](std::string_view member) {
    const auto* rows = whole.find_array(member);
    return rows ? static_cast<std::int64_t>(rows->size()) : 0;
  };
  const auto asked = size_of("servers"), listed = size_of("differences");
  const auto* servers_total = whole.find_integer("servers_total");
  const auto* differences_total = whole.find_integer("differences_total");
  const auto servers = std::max(asked, servers_total ? *servers_total : 0);
  const auto differences = std::max(listed, differences_total ? *differences_total : 0);
  auto text = "Compared at our latest event " + printable(text_of(body, "at_event")) + "\n" + std::to_string(asked) +
              " of " + std::to_string(servers) + " servers of the room were asked" +
              (servers > asked ? ", those with the most members.\n" : ".\n");
  text +=
    page{body, now_ms}
      .table_of("servers", "Servers",
                {"server_name", "members", "state", "differences", "extremities", "ahead", "behind", "problem"})
      .table_of("differences", "What they see differently", {"server_name", "type", "state_key", "ours", "theirs"})
      .text();
  if (differences > listed)
    text += "... " + std::to_string(listed) + " of " + std::to_string(differences) + " differences\n";
  const auto* rows = whole.find_array("servers");
  const bool some_told = rows && std::any_of(rows->begin(), rows->end(), [](const json::value& x) {
                           const auto* state = x.find_string("state");
                           return state && *state != "unknown";
                         });
  if (!some_told) text += "\nNo server has told its state: nothing is known of differences.\n";
  else if (differences == 0) text += "\nNo state that was told differs from ours.\n";
  return text + what_is_staged(body);
}

bool resync_has_helped(const json::object& body) {
  const json::value whole{body};
  const auto* events = whole.find_array("events");
  if (events && !events->empty())
    return std::any_of(events->begin(), events->end(), [](const json::value& x) {
      const auto* outcome = x.find_string("outcome");
      return outcome && *outcome == "taken";
    });
  return number_of(body, "answered") > 0 && number_of(body, "staged") == 0;
}

std::string resync_page(const json::object& body, std::int64_t now_ms) {
  const auto asked = number_of(body, "asked"), answered = number_of(body, "answered"), heads = number_of(body, "heads");
  std::string text;
  if (answered == 0)
    text = "It did not help: " + servers_asked(asked) + ", and none has told which events are the latest it has.\n";
  else if (heads == 0)
    text =
      servers_asked(asked) + ", " + std::to_string(answered) + " answered: the latest events they have are here.\n";
  else
    text = servers_asked(asked) + ", " + std::to_string(answered) + " answered: " + std::to_string(heads) +
           (heads == 1 ? " event" : " events") + " of the latest they have " + (heads == 1 ? "was" : "were") +
           " not here" + (resync_has_helped(body) ? ".\n" : ", and none was taken: it did not help.\n");
  return text +
         page{body, now_ms}
           .table_of("events", "Events that were not here", {"event_id", "server_name", "outcome"})
           .table_of("silent", "Servers that did not tell", {"server_name", "problem"})
           .text() +
         what_is_staged(body);
}

std::string keys_waited_for(const json::object& body, std::int64_t now_ms) {
  const json::value whole{body};
  std::string text;
  if (const auto fault = text_of(body, "fault"); !fault.empty())
    text += "\nThe last time they could not be had: " + printable(fault) + "\n";
  const auto* ids = whole.find_array("waited_for");
  if (!ids || ids->empty()) return text;
  text += "\nStaged events are signed with keys that it does not publish:";
  for (const auto& id : *ids)
    if (const auto* one = id.as_string()) text += " " + printable(*one);
  const auto* again = whole.find_integer("asked_again_ts");
  if (again && *again > 0)
    text += "; it is asked again " + (*again > now_ms ? "in " + admin::human_duration(*again - now_ms) : "now");
  return text + ".\n";
}

namespace {

/// Lines of what is not well, by `check`, each with what to do. @param names  "edge warning; live critical"
std::string troubles(const json::value& status, std::string& names) {
  std::string lines;
  const auto* rows = status.find_array("checks");
  for (const auto& row : rows ? *rows : json::array{}) {
    const auto* one = row.as_object();
    if (!one || text_of(*one, "state") == "ok") continue;
    const auto what = printable(text_of(*one, "name") + " " + text_of(*one, "state"));
    names += (names.empty() ? "" : "; ") + what;
    lines += what + ": " + printable(text_of(*one, "what")) + "\n    " + printable(text_of(*one, "do")) + "\n";
  }
  return lines;
}

} // namespace

std::string status_page(const json::object& body, std::int64_t now_ms) {
  const json::value whole{body};
  std::string names, alarms;
  auto lines = troubles(whole, names);
  const auto* rows = whole.find_array("alarms");
  for (const auto& row : rows ? *rows : json::array{})
    if (const auto* alarm = row.as_object()) {
      alarms += "\n" + sheet(*alarm, names_of(admin::columns<admin::alarm_row>()), now_ms);
      if (names.empty()) names = "alarm"; // of an archive without checks, or of one that no check looks at
    }
  auto out = "causeway " + printable(text_of(body, "version")) + ", " + printable(text_of(body, "server_name"));
  if (names.empty())
    return out + "\nAll is well.\n"
                 "  With the broker as a whole. A message that is late: `causeway why EVENT`; "
                 "part by part: `causeway check`.\n";
  return out + ": " + names + "\n" + lines + alarms;
}

bool is_well(const json::object& status) {
  const json::value whole{status};
  const auto* alarms = whole.find_array("alarms");
  const auto state = text_of(status, "state");
  return (!alarms || alarms->empty()) && (state.empty() || state == "ok");
}

std::string actor_part(const json::object& body, std::int64_t now_ms) { return page{body, now_ms}.actor().text(); }

} // namespace causeway::tools
