"""The screens of staff: the list, each person's page, and what is demanded of everyone."""

from admin_views.staff_members.page import StaffMembers

__all__ = ["StaffMembers"]
