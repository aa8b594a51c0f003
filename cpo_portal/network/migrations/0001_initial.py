import cpo_portal.network.fields
import cpo_portal.network.models
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from cpo_portal.database import operations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('database', '0001_functions'),
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Connector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item_id', models.CharField(max_length=100, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._:-]*$', 'Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.')], verbose_name='item id')),
                ('connector_id', models.CharField(default='1', max_length=20, verbose_name='connector id')),
                ('connector_type', models.CharField(choices=[('CCS2', 'CCS2'), ('CHADEMO', 'CHAdeMO'), ('TYPE2', 'Type 2'), ('TYPE1', 'Type 1'), ('GB_T', 'GB/T'), ('BHARAT_AC_001', 'Bharat AC-001'), ('BHARAT_DC_001', 'Bharat DC-001'), ('IS_17017_2_6', 'IS 17017-2-6 (light EV)')], max_length=20)),
                ('connector_format', models.CharField(choices=[('SOCKET', 'Socket'), ('CABLE', 'Cable')], default='CABLE', max_length=10)),
                ('power_type', models.CharField(choices=[('AC_1_PHASE', 'AC, one phase'), ('AC_3_PHASE', 'AC, three phases'), ('DC', 'DC')], max_length=12)),
                ('max_power_w', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(500)], verbose_name='power rating (W)')),
                ('charging_speed', models.CharField(choices=[('SLOW', 'Slow'), ('FAST', 'Fast'), ('ULTRA_FAST', 'Ultra-fast')], max_length=12)),
                ('is_published', models.BooleanField(default=True, help_text='Shown to buyer apps.')),
            ],
            options={
                'ordering': ['item_id'],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('product_id', models.CharField(max_length=100, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._:-]*$', 'Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.')], verbose_name='product id')),
                ('name', models.CharField(max_length=200)),
                ('short_desc', models.CharField(blank=True, max_length=300, verbose_name='short description')),
                ('kind', models.CharField(choices=[('GOOD', 'Goods'), ('SERVICE', 'Service')], default='GOOD', max_length=10)),
                ('category', models.CharField(blank=True, max_length=60)),
                ('price', models.DecimalField(decimal_places=2, max_digits=12, validators=[django.core.validators.MinValueValidator(0)])),
                ('currency', models.CharField(default='INR', max_length=3)),
                ('is_published', models.BooleanField(default=True)),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ChargingSystem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('is_simulated', models.BooleanField(default=False, help_text='Its own timestamps count, even ahead of the clock; refused in production.', verbose_name='simulated')),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
        ),
        migrations.CreateModel(
            name='Charger',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evse_id', models.CharField(max_length=100, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._:-]*$', 'Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.')], verbose_name='EVSE id')),
                ('name', models.CharField(max_length=200)),
                ('short_desc', models.CharField(blank=True, max_length=300, verbose_name='short description')),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
                ('system', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='chargers', to='network.chargingsystem')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ChargingSystemToken',
            fields=[
                ('token', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='system_link', serialize=False, to='accounts.apitoken')),
                ('system', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='token_links', to='network.chargingsystem')),
            ],
        ),
        migrations.CreateModel(
            name='ConnectorStatus',
            fields=[
                ('connector', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='status_row', serialize=False, to='network.connector')),
                ('status', models.CharField(choices=[('AVAILABLE', 'Available'), ('CHARGING', 'Charging'), ('RESERVED', 'Reserved'), ('BLOCKED', 'Blocked'), ('INOPERATIVE', 'Inoperative'), ('OUTOFORDER', 'Out of order'), ('UNKNOWN', 'Unknown')], default='UNKNOWN', max_length=12)),
                ('reported_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='connector',
            name='charger',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='connectors', to='network.charger'),
        ),
        migrations.AddField(
            model_name='connector',
            name='cpo',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo'),
        ),
        migrations.CreateModel(
            name='Location',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('location_id', models.CharField(max_length=100, validators=[django.core.validators.RegexValidator('^[A-Za-z0-9][A-Za-z0-9._:-]*$', 'Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.')], verbose_name='location id')),
                ('name', models.CharField(max_length=200)),
                ('address', models.CharField(max_length=300)),
                ('city', models.CharField(max_length=100)),
                ('city_code', models.CharField(blank=True, help_text="Beckn's city code, for example std:080.", max_length=20)),
                ('state', models.CharField(blank=True, max_length=100)),
                ('postal_code', models.CharField(blank=True, max_length=20)),
                ('country', models.CharField(default='IND', max_length=3)),
                ('latitude', models.DecimalField(decimal_places=6, max_digits=9, validators=[django.core.validators.MinValueValidator(-90), django.core.validators.MaxValueValidator(90)])),
                ('longitude', models.DecimalField(decimal_places=6, max_digits=9, validators=[django.core.validators.MinValueValidator(-180), django.core.validators.MaxValueValidator(180)])),
                ('position', cpo_portal.network.fields.PointField(editable=False)),
                ('time_zone', models.CharField(default='Asia/Kolkata', max_length=64, validators=[cpo_portal.network.models.check_time_zone])),
                ('instructions', models.CharField(blank=True, help_text='How to find the charger on the site.', max_length=300)),
                ('opening_hours', models.JSONField(blank=True, default=list, validators=[cpo_portal.network.models.check_opening_hours])),
                ('opened_on', models.DateField(blank=True, null=True)),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, help_text='Such as highway, airport, urban.', size=None)),
                ('image_url', models.URLField(blank=True)),
                ('is_published', models.BooleanField(default=True, help_text='Shown to buyer apps.')),
                ('cpo', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.cpo')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='charger',
            name='location',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chargers', to='network.location'),
        ),
        migrations.CreateModel(
            name='ProductStock',
            fields=[
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='stock_row', serialize=False, to='network.product')),
                ('units', models.PositiveIntegerField()),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.AddField(
            model_name='product',
            name='locations',
            field=models.ManyToManyField(blank=True, help_text='Where it is sold; none means everywhere.', related_name='products', to='network.location'),
        ),
        migrations.AddConstraint(
            model_name='chargingsystem',
            constraint=models.UniqueConstraint(fields=('cpo', 'name'), name='charging_system_name_per_cpo'),
        ),
        migrations.AddConstraint(
            model_name='connector',
            constraint=models.UniqueConstraint(fields=('cpo', 'item_id'), name='item_id_per_cpo'),
        ),
        migrations.AddIndex(
            model_name='location',
            index=django.contrib.postgres.indexes.GistIndex(fields=['position'], name='location_position'),
        ),
        migrations.AddIndex(
            model_name='location',
            index=django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='location_tags'),
        ),
        migrations.AddIndex(
            model_name='location',
            index=models.Index(fields=['city_code'], name='location_city_code'),
        ),
        migrations.AddConstraint(
            model_name='location',
            constraint=models.UniqueConstraint(fields=('cpo', 'location_id'), name='location_id_per_cpo'),
        ),
        migrations.AddConstraint(
            model_name='charger',
            constraint=models.UniqueConstraint(fields=('cpo', 'evse_id'), name='evse_id_per_cpo'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.UniqueConstraint(fields=('cpo', 'product_id'), name='product_id_per_cpo'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='product_price_not_negative'),
        ),
    ]
