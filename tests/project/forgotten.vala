// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// A test that drops a visit, which does not leave it.
void test_forgotten () {
    try {
        Spacetest.enter_transient (Spacetest.NamespaceType.NET);
    } catch (Error error) {
        assert_no_error (error);
    }
}

int main (string[] args) {
    if (Environment.get_variable ("WITH_SPACETEST") != null)
        Spacetest.test_init (ref args);
    else
        Test.init (ref args);
    Test.add_func ("/forgotten", test_forgotten);
    return Test.run ();
}
