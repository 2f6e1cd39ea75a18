#include "tools/causeway/operator_commands.hpp"

#include "config/endpoints.hpp"
#include "plugin/admin/comparison.hpp"
#include "tools/causeway/listing.hpp"
#include "tools/causeway/pages.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace causeway::tools {

namespace {

namespace json = matrix::json;
using shown_columns = std::vector<std::string_view>;

/// Other servers are asked, or one is looked at: as long as that may take.
constexpr std::uint32_t patient_timeout_ms = 60'000;

void say(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string word_in(const json::object& x, std::string_view key) {
  const json::value whole{x};
  const auto* text = whole.find_string(key);
  return text ? printable(*text) : std::string{};
}

std::int64_t number_in(const json::object& x, std::string_view key) {
  const json::value whole{x};
  const auto* number = whole.find_integer(key);
  return number ? *number : 0;
}

using shower = std::function<void(const json::object&)>;

/// @param judge  the exit code by what was answered; null: it is fine
int ask_and_show(broker_request x, std::string_view command, const shower& show,
                 int (*judge)(const json::object&) = nullptr) {
  x.where.answer_timeout_ms = std::max(x.where.answer_timeout_ms, patient_timeout_ms);
  const auto answer = answer_to(x, command).answer;
  if (answer.outcome != reply::kind::done) return put_out(failure(x, answer));
  if (x.how.json) say(json::canonical(answer.body) + "\n");
  else show(answer.body);
  return judge ? judge(answer.body) : exit_ok;
}

void show_rows(const json::object& body, std::string_view member, std::string_view title,
               const shown_columns& columns) {
  const json::value whole{body};
  const auto* rows = whole.find_array(member);
  if (!rows || rows->empty()) return;
  if (!title.empty()) say("\n" + std::string{title} + "\n");
  say(table(*rows, columns, now_ms()));
}

void show_findings(const json::object& body) {
  const json::value whole{body};
  const auto* rows = whole.find_array("findings");
  if (!rows || rows->empty()) return say("Nothing is wrong with it as far as one sees from here.\n");
  for (const auto& row : *rows)
    if (const auto* x = row.as_object())
      say(word_in(*x, "severity") + ": " + word_in(*x, "what") + "\n    " + word_in(*x, "fix") + "\n");
}

int judge_doctor(const json::object& body) {
  const json::value whole{body};
  const auto* fine = whole.find_bool("FederationOK");
  return fine && *fine ? exit_ok : exit_problem;
}

int judge_probe(const json::object& body) {
  const json::value whole{body};
  const auto* fine = whole.find_bool("reachable");
  return fine && *fine ? exit_ok : exit_problem;
}

int code_of_state(std::string_view state) {
  if (state == "ok") return check_ok;
  if (state == "warning") return check_warning;
  return state == "critical" ? check_critical : check_unknown;
}

void show_checks(const json::object& body) {
  const json::value whole{body};
  const auto* rows = whole.find_array("checks");
  std::string worst, lines;
  for (const auto& row : rows ? *rows : json::array{}) {
    const auto* one = row.as_object();
    if (!one) continue;
    const auto name = word_in(*one, "name"), state = word_in(*one, "state"), what = word_in(*one, "do");
    if (state != "ok") worst += (worst.empty() ? ": " : "; ") + name + " " + state;
    lines += name + " " + state + ": " + word_in(*one, "what") + "\n" + (what.empty() ? "" : "    " + what + "\n");
  }
  // The first line is what monitoring shows.
  say("CAUSEWAY " + word_in(body, "state") + worst + "\n" + lines);
}

/// Empty of an archive that was made by a broker that did not tell it.
std::string upgrade_line(const json::object& body) {
  const auto told = word_in(body, "upgrade");
  return told.empty() ? told : told + "\n";
}

std::string below_nodes(const json::object& body, std::int64_t) { return upgrade_line(body); }

constexpr std::int64_t hand_over_ms_max = 60'000;
constexpr std::chrono::milliseconds look_interval{50};

/// The name of the node that serves after `former`; asked of the node that hands over, whose socket is away for a
/// moment. Empty: nobody does, after a minute.
std::string await_follower(broker_request x, const std::string& former) {
  x.where.connect_timeout_ms = 200;
  x.where.answer_timeout_ms = 1'000; // a socket that is closed over a question answers it never: ask again soon
  for (const auto until = now_ms() + hand_over_ms_max; now_ms() < until;) {
    const auto answer = answer_to(x, "nodes").answer;
    const json::value body{answer.body};
    const auto* rows = answer.outcome == reply::kind::done ? body.find_array("nodes") : nullptr;
    for (const auto& row : rows ? *rows : json::array{})
      if (const auto* one = row.as_object();
          one && word_in(*one, "state") == "active" && word_in(*one, "incarnation") != former)
        return word_in(*one, "name");
    std::this_thread::sleep_for(look_interval); // nobody tells when the socket is there again
  }
  return {};
}

/// For how long nobody had the store before the node that serves; 0: it is not known.
std::int64_t last_gap_ms(const broker_request& x) {
  const auto answer = answer_to(x, "history").answer;
  const json::value body{answer.body};
  const auto* rows = answer.outcome == reply::kind::done ? body.find_array("terms") : nullptr;
  const auto* latest = rows && !rows->empty() ? rows->front().as_object() : nullptr;
  return latest ? number_in(*latest, "gap_ms") : 0;
}

/// Nothing was checked. Monitoring reads what is written to stdout, and nothing else.
int end_check(const broker_request& x, const reply& answer, const std::string& says, int code) {
  if (x.how.json) put_out(failure(x, answer));
  else say("CAUSEWAY " + says + "\n");
  return code;
}

} // namespace

int run_doctor(const broker_request& x) {
  return ask_and_show(
    x, "doctor",
    [](const json::object& body) {
      say(word_in(body, "ServerName") + (judge_doctor(body) == exit_ok ? ": others can federate with it.\n\n"
                                                                       : ": others cannot federate with it.\n\n"));
      show_findings(body);
    },
    &judge_doctor);
}

int run_probe(const broker_request& x) {
  return ask_and_show(
    x, "server.probe",
    [](const json::object& body) {
      show_rows(body, "phases", "", {"phase", "what", "ms", "result", "detail"});
      show_rows(body, "certificates", "Certificates", {"address", "subject", "issuer", "not_after_ts"});
      say("\n");
      show_findings(body);
    },
    &judge_probe);
}

int run_check(const broker_request& x) {
  // An address that is none says nothing of a broker.
  if (const auto fine = config::check_endpoint(x.where.endpoint); x.archive.empty() && !fine)
    return check_fails("--socket: " + fine.error().detail, x.how.json);
  if (!x.where.server_key.empty() && x.where.secret_key_file.empty())
    return check_fails("--server-key needs --secret-key-file, our own half.", x.how.json);
  const auto answer = answer_to(x, "check").answer;
  switch (answer.outcome) {
  case reply::kind::unreachable: // a broker that does not answer is the worst there is
    return end_check(x, answer, "critical: live critical\nlive critical: " + why_unreached(answer), check_critical);
  case reply::kind::not_asked: // who may not ask knows nothing of the broker
    return end_check(x, answer, "unknown: " + why_unreached(answer), check_unknown);
  case reply::kind::refused:
    return end_check(
      x, answer, "unknown: " + printable(text_of(answer.body, "message") + " " + text_of(answer.body, "what_to_do")),
      check_unknown);
  case reply::kind::done: break;
  }
  if (x.how.json) say(json::canonical(answer.body) + "\n");
  else show_checks(answer.body);
  return code_of_state(word_in(answer.body, "state"));
}

int check_fails(const std::string& why, bool as_json) {
  const auto line = printable(why);
  return put_out(
    {check_unknown, as_json ? std::string{} : "CAUSEWAY unknown: " + line + "\n", "causeway: " + line + "\n"});
}

int run_compare(const broker_request& x) {
  return ask_and_show(x, "room.compare", [](const json::object& body) { say(comparison_page(body, now_ms())); });
}

int run_resync(const broker_request& x) {
  return ask_and_show(
    x, "room.resync", [](const json::object& body) { say(resync_page(body, now_ms())); },
    [](const json::object& body) -> int { return resync_has_helped(body) ? exit_ok : exit_problem; });
}

int run_pause(const broker_request& x) {
  return ask_and_show(x, "server.pause", [&x](const json::object&) {
    say("Nothing more is sent to " + x.with.server + "; `causeway server resume " + x.with.server + "` ends that.\n");
  });
}

int run_resume(const broker_request& x) {
  return ask_and_show(x, "server.resume", [&x](const json::object& body) {
    say(x.with.server + " is no longer paused; " + std::to_string(number_in(body, "queued")) + " events are sent.\n");
  });
}

int run_revoke(const broker_request& x) {
  return ask_and_show(x, "invite.revoke", [](const json::object& body) {
    say("The invitation of " + word_in(body, "user_id") +
        " is taken back; `causeway invite show` tells how it goes.\n");
  });
}

int run_resend(const broker_request& x) {
  return ask_and_show(x, "invite.resend", [](const json::object& body) {
    say(word_in(body, "action") == "invited_again"
          ? word_in(body, "user_id") + " is invited once more.\n"
          : "What the invitation of " + word_in(body, "user_id") + " waits for is tried now.\n");
  });
}

int run_show_letter(const broker_request& x) {
  return ask_and_show(x, "dead_letter.show", [](const json::object& body) {
    const json::value whole{body};
    if (const auto* letter = whole.find_object("letter"))
      say(sheet(*letter, names_of(admin::columns<admin::dead_letter_row>()), now_ms()));
    if (const auto* said = whole.find_object("body")) say("\n" + printable(json::canonical(*said)) + "\n");
  });
}

int run_cluster_status(const broker_request& x) {
  return show_list(x, {"nodes",
                       "nodes",
                       admin::columns<admin::node_row>(),
                       {"name", "state", "may_stop", "version", "schema", "lease_left_ms", "owns", "endpoints"},
                       "The store is a file of this broker alone (store.engine = \"sqlite\").",
                       &below_nodes});
}

int run_cluster_shards(const broker_request& x) {
  return list<admin::shard_row>(x, "shards", "shards", {"shard", "owner", "epoch", "rooms"}, "There are no shards.");
}

int run_cluster_history(const broker_request& x) {
  return list<admin::term_row>(x, "history", "terms", {"name", "from_ts", "until_ts", "gap_ms", "why", "version"},
                               "The store is a file of this broker alone (store.engine = \"sqlite\").");
}

int run_drain(const broker_request& x, bool waits) {
  const auto answer = answer_to(x, "node.drain").answer;
  if (answer.outcome != reply::kind::done) return put_out(failure(x, answer));
  const json::value body{answer.body};
  const auto* served = body.find_bool("served");
  const auto former = word_in(answer.body, "incarnation"), next = word_in(answer.body, "next");
  const bool hands_over = served && *served;
  std::string follower;
  if (waits && hands_over && !next.empty()) {
    follower = await_follower(x, former);
    if (follower.empty())
      return put_out({exit_problem, {}, "causeway: no other node serves yet; `causeway cluster status` tells more\n"});
  }
  if (x.how.json) {
    auto told = answer.body;
    if (!follower.empty()) {
      told.set("serves", json::value{follower});
      told.set("gap_ms", json::value{last_gap_ms(x)});
    }
    say(json::canonical(told) + "\n");
  } else if (!hands_over) say("This node leaves its turn to others until `causeway undrain`.\n");
  else if (next.empty())
    say("This node gives its place up, and nobody serves until `causeway undrain`, or until another "
        "node is started.\n");
  else if (follower.empty()) say("This node hands its place over to " + next + ".\n");
  else
    say("Node " + follower + " serves, and this one stands by; the store was without a node for " +
        std::to_string(last_gap_ms(x)) + " ms.\n");
  return exit_ok;
}

int run_undrain(const broker_request& x) {
  return ask_and_show(x, "node.undrain", [](const json::object&) { say("This node takes its turn again.\n"); });
}

int run_upgrade(const broker_request& x, bool finishes) {
  if (!finishes) return ask_and_show(x, "nodes", [](const json::object& body) { say(upgrade_line(body)); });
  return ask_and_show(x, "upgrade.finish", [](const json::object&) {
    say("The upgrade is finished: builds that do not know the schema of the store are refused from now on.\n");
  });
}

int run_audit(const broker_request& x) {
  return list<admin::audit_row>(x, "audit", "audit", {"ts", "peer", "by", "verb", "arguments", "reason", "outcome"},
                                "Nobody has changed anything.");
}

} // namespace causeway::tools
