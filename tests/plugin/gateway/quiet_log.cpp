// These tests provoke what the log warns of; its lines would only hide a failing test's.
#include <boost/test/unit_test.hpp>
#include <spdlog/spdlog.h>

namespace causeway::testing {

struct quiet_log {
  quiet_log() { spdlog::set_level(spdlog::level::off); }
};
BOOST_TEST_GLOBAL_FIXTURE(quiet_log);

} // namespace causeway::testing
