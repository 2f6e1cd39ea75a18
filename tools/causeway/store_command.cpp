#include "tools/causeway/store_command.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/media/copy_media.hpp"
#include "plugin/store/copy_store.hpp"
#include "plugin/store/postgresql_place.hpp"
#include "tools/causeway/terminal.hpp"

#include <cstdio>
#include <optional>

namespace causeway::tools {

namespace {

int refuse_copy(const std::string& why) {
  std::fprintf(stderr, "causeway: nothing was copied: %s\n", printable(why).c_str());
  return exit_problem;
}

/// Nothing: it has problems, which were told.
std::optional<config::options> read_or_tell(const config::sources& from) {
  auto found = config::examine(from);
  for (const auto& x : found.problems) std::fprintf(stderr, "%s\n", printable(to_string(x)).c_str());
  if (!found.problems.empty()) return {};
  return std::move(found.values);
}

void print_copied(const std::vector<store::copied_table>& tables, const std::string& from, const std::string& to,
                  bool as_json) {
  namespace json = matrix::json;
  std::int64_t rows = 0;
  json::object by_table;
  for (const auto& x : tables) {
    rows += x.rows;
    by_table.set(x.name, json::value{x.rows});
  }
  if (as_json) {
    std::printf("%s\n", json::canonical(json::object{{"from", json::value{from}},
                                                     {"to", json::value{to}},
                                                     {"rows", json::value{rows}},
                                                     {"tables", json::value{std::move(by_table)}}})
                          .c_str());
    return;
  }
  for (const auto& x : tables)
    if (x.rows > 0) std::printf("%12lld  %s\n", static_cast<long long>(x.rows), x.name.c_str());
  std::printf("%lld rows of %s are in %s.\n"
              "Now set store.engine = \"postgresql\" and store.url, and start the broker. Never start one with the old "
              "file again:\nit would tell other servers another story in the same name.\n",
              static_cast<long long>(rows), from.c_str(), to.c_str());
}

} // namespace

int copy_store_into(const config::sources& from, const std::string& url, bool as_json) {
  const auto old = read_or_tell(from);
  if (!old) return exit_problem;
  if (!old->store.is_file())
    return refuse_copy("the configuration has no store in a SQLite file to be copied (store.engine, store.path)");
  auto changed = from;
  changed.set.insert(changed.set.end(), {"store.engine=postgresql", "store.url=" + url});
  const auto next = read_or_tell(changed);
  if (!next) return exit_problem;
  const auto tell = [](const store::copied_table& x) {
    if (x.rows > 0) std::fprintf(stderr, "causeway: %s: %lld rows\n", x.name.c_str(), static_cast<long long>(x.rows));
  };
  const auto copied = store::copy_store(old->store, next->store, {next->node.server_name, next->edge.streams}, tell);
  if (!copied) return refuse_copy(copied.error().detail);
  print_copied(*copied, old->store.path, *store::place_of(next->store.url), as_json);
  return exit_ok;
}

int copy_media_into_store(const config::sources& from, bool as_json) {
  const auto x = read_or_tell(from);
  if (!x) return exit_problem;
  if (x->store.engine != config::store_engine::postgresql)
    return refuse_copy(
      "files are copied into the database of the store, and store.engine is \"sqlite\": copy the store "
      "first (`causeway store copy`)");
  const auto to = store::place_of(x->store.url);
  const auto copied = media::copy_media(x->media_path(), x->store.url);
  if (!copied) return refuse_copy(copied.error().detail);
  if (as_json) {
    namespace json = matrix::json;
    const auto number = [](std::uint64_t n) { return json::value{static_cast<std::int64_t>(n)}; };
    std::printf("%s\n", json::canonical(json::object{{"from", json::value{x->media_path()}},
                                                     {"to", json::value{*to}},
                                                     {"files", number(copied->files)},
                                                     {"bytes", number(copied->bytes)},
                                                     {"missing", number(copied->missing)}})
                          .c_str());
    return copied->missing == 0 ? exit_ok : exit_problem;
  }
  std::printf("%llu files of %s are in %s.\n", static_cast<unsigned long long>(copied->files), x->media_path().c_str(),
              to->c_str());
  if (copied->missing != 0)
    std::printf("%llu were not there or damaged, and are left out.\n",
                static_cast<unsigned long long>(copied->missing));
  if (x->media.backend == config::media_backend::folder)
    std::printf("Now set media.backend = \"postgresql\", on every node of the store, and start the broker.\n");
  return copied->missing == 0 ? exit_ok : exit_problem;
}

} // namespace causeway::tools
