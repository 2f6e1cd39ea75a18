#include "plugin/process_limits.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

namespace causeway {
BOOST_AUTO_TEST_SUITE(node_process_limits)

namespace {

constexpr std::uint64_t mib = 1024 * 1024;

process_needs some() {
  process_needs x;
  x.threads = 30;
  x.memory_bytes = 400 * mib;
  return x;
}

/// The only finding, as "refused" or "warned" and its sentence.
std::string only(const process_limits& has, const process_needs& needs = some()) {
  const auto found = check_limits(has, needs);
  BOOST_REQUIRE_EQUAL(found.size(), 1u);
  return (found[0].refuses ? "refused: " : "warned: ") + found[0].what;
}

bool says(const std::string& text, std::string_view begin, std::string_view part) {
  const bool fits = text.starts_with(begin) && text.find(part) != std::string::npos && text.ends_with('.');
  if (!fits) BOOST_TEST_MESSAGE(text);
  return fits;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_process_without_limits_is_fine) { BOOST_TEST(check_limits({}, some()).empty()); }

BOOST_AUTO_TEST_CASE(each_limit_that_is_too_low_is_refused_with_the_way_out) {
  process_limits x;
  x.descriptors = 63;
  BOOST_TEST(
    says(only(x), "refused: ", "63 descriptors, at least 64 are needed: raise the limit (ulimit -n, LimitNOFILE=)"));
  x = {};
  x.threads_user = 29;
  BOOST_TEST(says(only(x), "refused: ",
                  "29 processes and threads, the broker alone needs 30: raise the limit (ulimit -u, LimitNPROC=)"));
  x = {};
  x.threads_left = 29;
  BOOST_TEST(says(only(x), "refused: ", "raise pids.max (TasksMax="));
  x = {};
  x.memory = 79 * mib;
  BOOST_TEST(says(
    only(x), "refused: ", "79 MiB, the budgets of the configuration add up to 400 MiB, of which 80 MiB are needed"));
  x = {};
  x.data = 79 * mib;
  BOOST_TEST(says(only(x), "refused: ", "ulimit -d"));
  x = {};
  x.address_space = 700 * mib; // of libraries 512, of stacks 240, of a fifth of the budgets 80
  BOOST_TEST(says(only(x), "refused: ", "ulimit -v"));
  x = {};
  x.file_size = 15 * mib;
  BOOST_TEST(says(only(x), "refused: ", "ulimit -f"));
  x = {};
  x.disks.push_back({"/var/lib/causeway", "store.path", 15 * mib, 1'000, true});
  BOOST_TEST(
    says(only(x), "refused: ", "On the disk of /var/lib/causeway (store.path) 15 MiB are free, at least 16 MiB"));
  x.disks = {{"/media", "media.directory", 1'000 * mib, 99, true}};
  BOOST_TEST(says(only(x), "refused: ", "99 more files (`df -i`)"));
}

BOOST_AUTO_TEST_CASE(what_may_become_too_little_is_a_warning) {
  process_limits x;
  x.memory = 399 * mib;
  BOOST_TEST(says(only(x), "warned: ", "the system may end the broker"));
  x = {};
  x.locked = 0;
  BOOST_TEST(says(only(x), "warned: ", "ulimit -l"));
  x = {};
  x.file_size = 100 * mib;
  auto used = some();
  used.store_bytes = 50 * mib;
  BOOST_TEST(says(only(x, used), "warned: ", "the store has 50 MiB"));
  used.store_bytes = 90 * mib;
  BOOST_TEST(says(only(x, used), "refused: ", "must grow"));
  x = {};
  x.cpu_s = 60;
  BOOST_TEST(says(only(x), "warned: ", "60 s of processor time"));
  x = {};
  x.disks.push_back({"/var", "store.path", 100 * mib, 0, false});
  BOOST_TEST(says(only(x), "warned: ", "100 MiB are free"));
}

BOOST_AUTO_TEST_CASE(what_is_just_enough_is_not_spoken_of) {
  process_limits x;
  x.descriptors = 64;
  x.threads_user = x.threads_left = 30;
  x.memory = x.data = 400 * mib;
  x.address_space = (400 + 512 + 30 * 8) * mib;
  x.locked = 64 * 1024;
  x.disks.push_back({"/", "store.path", 512 * mib, 100, true});
  BOOST_TEST(check_limits(x, some()).empty());
}

BOOST_AUTO_TEST_CASE(threads_and_budgets_of_the_configuration_are_counted) {
  config::options x;
  x.node.worker_threads = 2;
  x.gateway.listen = {"127.0.0.1:0"};
  x.store.path = "/nonexistent/store.db";
  const auto small = process_needs::of(x, false);
  x.node.worker_threads = 7;
  x.gateway.threads += 3;
  x.gateway.answers_mib += 100;
  x.store.cache_kib += 1024;
  const auto large = process_needs::of(x, false);
  BOOST_TEST(large.threads == small.threads + 8);
  BOOST_TEST(large.memory_bytes == small.memory_bytes + 101 * mib);
  BOOST_TEST(process_needs::of(x, true).threads < large.threads);
  auto passes_on = x;
  passes_on.store.engine = config::store_engine::postgresql;
  passes_on.edge.gateway_endpoints = {"tcp://127.0.0.1:8470"};
  passes_on.edge.chat_endpoints = {"tcp://127.0.0.1:8471"};
  BOOST_TEST(process_needs::of(passes_on, false).memory_bytes == large.memory_bytes + 64 * mib);
  BOOST_TEST(small.store_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(the_limits_of_this_process_are_found) {
  config::options x;
  x.store.path = (std::filesystem::temp_directory_path() / "not-there-yet" / "store.db").string();
  x.node.data_dir = std::filesystem::temp_directory_path().string();
  const auto found = find_process_limits(x);
  BOOST_REQUIRE(found.descriptors);
  BOOST_TEST(*found.descriptors > 0u);
  BOOST_REQUIRE(found.memory);
  BOOST_TEST(*found.memory > mib);
  BOOST_REQUIRE(!found.disks.empty());
  BOOST_TEST(std::filesystem::exists(found.disks[0].path));
  BOOST_TEST(found.disks[0].free_bytes > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway
