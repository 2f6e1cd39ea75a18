// The one translation unit with main() of the test programs. Written out, so that the precompiled header fits it too.
#include <boost/test/unit_test.hpp>

namespace {

bool name_the_suite() {
  boost::unit_test::framework::master_test_suite().p_name.value = "causeway";
  return true;
}

} // namespace

int main(int argc, char* argv[]) { return boost::unit_test::unit_test_main(&name_the_suite, argc, argv); }
